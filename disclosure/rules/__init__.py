"""The pure rules of disclosure: no database, no clock, no framework.

Answers for: which items a lot of a kind must tell (catalogue), whether an entry is well formed, what a sheet still
lacks and under which article, the facts a seal is made of, what changed between two sheets, what its wording may not
say, and the announcement, special notices and bidder notice written from it.
Does not answer for: the terms of an auction (auction), nor who has acknowledged a sheet (bidding).
"""
