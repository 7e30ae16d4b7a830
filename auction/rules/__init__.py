"""The pure rules of the lot and its life: no database, no clock, no framework.

Answers for: the law as data (rulesets), counting days, which terms an auction may be announced on, who must have been
notified, which round may follow which, how a panel votes, and which state may follow which.
Does not answer for: what must be disclosed (disclosure), bids, deposits and money (bidding).
"""
