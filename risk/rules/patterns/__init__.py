"""What the bids of ended auctions look like, and which of it a court may want to look at.

Answers for: features per auction and bidder, what pairs of bidders do over many auctions, findings with reasons.
Does not answer for: whether anybody colluded (OJA 31(3) is for the court to find), or anything about a running sale
(OJA 8(2)). Rivals who outbid each other again and again at the end are competing: none of the reasons is that.
"""
