"""Learned scores of bidding behaviour, one from labels and one without; both inform and never refuse."""
