"""What an asset is worth by comparison with others: an orientation with an interval, never an appraisal."""
