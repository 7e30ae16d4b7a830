"""Every door, and the wiring: HTTP interface, pages, sockets, scheduler, command line, payment gateway, notices out.

Answers for: who may call what, the shape of what comes in and goes out, the sentence a person reads, and putting the
real parts together.
Does not answer for: any decision.  It hands typed arguments to a service of a lower package and renders the answer.
"""
