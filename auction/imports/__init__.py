"""Files that courts send with many entries at once. Answers for: reading a table from CSV or XLSX without trusting it.

Does not answer for: what a row must hold (`rules`), and entering it (`services`).
"""
