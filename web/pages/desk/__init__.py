"""The judge's pages: the board of a court, cases and lots, the sheet item by item, rounds from terms to handover.

Answers for: showing what is missing and doing what the court decides, each by the service behind it.
Does not answer for: whether it may be done; a refusal is shown with its articles on the page it came from.
"""
