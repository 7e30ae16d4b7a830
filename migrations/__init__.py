"""The shape of the database, step by step (Alembic), for SQLite and PostgreSQL.

Answers for: leading any earlier shape to the present one, and back; triggers that keep insert-only tables insert-only.
Does not answer for: what the rows mean (the models of each package), or for filling them.
"""
