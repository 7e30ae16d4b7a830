"""Reading of the floor `bidding`."""
