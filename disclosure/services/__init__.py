"""Writing services of the floor `disclosure`: filling a sheet, keeping files, publishing."""
