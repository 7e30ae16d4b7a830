"""The lot and its life: cases, lots, reference prices, panels, notices and the rounds in which a lot is sold.

Answers for: what a lot is, in which state each of its auctions stands, which terms the law allows, which steps come
next, and the law itself as named, dated rulesets.  Holds the kernel that every other package stands on.
Does not answer for: what must be told about a lot (disclosure), who may not bid and what a lot is worth (risk), bids,
deposits and the outcome (bidding), or any door to the outside (web).  Imports none of them.
"""
