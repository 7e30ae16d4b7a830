"""Reading what the floor `risk` knows."""
