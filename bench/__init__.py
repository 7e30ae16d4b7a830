"""What we measure, and against what: each benchmark runs ours and its reference in one go and prints the ratio."""
