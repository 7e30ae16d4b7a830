"""Clearance risk: the points card, a lot's facts weighed by it, the plan, outcomes and what they say, bulk sales."""
