"""`fapai risk bidding`, `screen` and `train bidding`: patterns of bidding that a court may want to look at."""
