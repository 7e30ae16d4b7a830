"""The room, the money and the outcome: registration, deposits, bids, closing, settlement, confirmation, renege.

Answers for: whether an offer is accepted and why not, who leads, when a room ends, and where every fen of a deposit is.
Does not answer for: what was disclosed (disclosure), who is barred (risk), the terms of the auction (auction), or how
an offer reaches the desk and how the answer leaves it (web).
"""
