"""Who may not bid, what a bidder's record says, what an asset is worth, and how hard it will be to clear.

Answers for: legal bars with the article and the chain that leads to them, and scores that inform.
Does not answer for: refusing anybody (bidding asks and refuses), or for what the law says of terms (auction).  A bar
fails closed; a learned score never refuses.
"""
