"""The plumbing: settings, clock, ids, money, database, journal, events, crypto, errors and the unit of work.

Answers for: one transaction per service, an entry in the journal for every change, one idea of now, and secrets sealed
per person.  The only place that commits, and the only place that reads a clock.
Does not answer for: any rule of the law, and any word of the trade beyond those needed to carry the others.
"""
