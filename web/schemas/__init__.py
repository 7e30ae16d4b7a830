"""What comes in and goes out of the HTTP interface: shapes only, no rules."""
