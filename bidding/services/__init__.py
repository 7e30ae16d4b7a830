"""Writing services of the floor `bidding`."""
