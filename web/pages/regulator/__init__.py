"""The regulator's pages: alerts and what became of them, and what waits for a regulator's approval.

Answers for: showing what may be shown to a regulator at this moment, each by the query behind it.
Does not answer for: what may be shown; until an auction has ended the queries give nothing that leads to a person.
A page is added by a module with its routes on `frame.blueprint`, its row in `frame.PAGES`, its import in `site`.
"""
