"""What must be told before anyone may bid: the sheet of a lot, its versions, its attachments and its seal.

Answers for: which items an asset of a kind must disclose, what is still missing and under which article, what changed
between two versions, and the seal (hash) that an announcement is made on.
Does not answer for: the terms of an auction (auction), who read the sheet before bidding (bidding keeps the
acknowledgements), or how a sheet is shown (web).
"""
