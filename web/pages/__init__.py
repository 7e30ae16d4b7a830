"""The pages: what a person sees, rendered on the server and readable without scripts.

Answers for: reading a form, calling the service behind the same action of the HTTP interface, showing the answer in
Chinese or English. Does not answer for: any rule. A page that seems to know the law has it from a finding or an error.
"""
