"""The pure rules of risk: no database, no clock, no framework.

Answers for: whom the law bars from a lot, and by which way a bar reaches him.
Does not answer for: where the facts come from (queries), or what happens to who is barred (bidding).
"""
