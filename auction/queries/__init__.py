"""Reading of the floor `auction`."""
