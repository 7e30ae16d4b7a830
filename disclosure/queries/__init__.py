"""Reading of the floor `disclosure`."""
