"""The demonstration: a fictional court, people and lots in the sandbox, made by the real services at past times.

Nothing is written past the rules: every lot was disclosed, voted on and announced, every bidder registered and paid, in
the order and at the times the law wants. What a visitor sees of a lot (facts, pictures, a report, a valuation) says of
itself that it is sample data; no part of the site but the command `fapai demo` reads from here.
"""
