"""What the floor `risk` does: each a verb, each in the caller's transaction."""
