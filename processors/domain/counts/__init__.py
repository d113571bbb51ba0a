"""Counts against the book (`domain.md` §10, architecture §6): what a counted line comes to, and what comes late of it.

Begin with `settling`: one line against the book at its moment. `pieces` settles the lines of serials, `outcomes` posts,
keeps and tells what a line comes to. `late` corrects movements that happened before a settled count; `gone_through`
knows where nothing was read. `positions` are the ledger's rows of counted lines, `list_facts` the rules of a list as it
was opened, `adjusting` posts, `serial_places` and `tolerance` answer what their names say.
"""
