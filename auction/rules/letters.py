"""What no text that is entered may hold, whoever enters it."""

#: Marks, embeddings, overrides and isolates of writing direction (Unicode standard annex 9): with one of them a name, a
#: title or a statement can read as another than it is.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
