"""Writing services of the floor `auction`: each takes a unit and changes one thing."""
