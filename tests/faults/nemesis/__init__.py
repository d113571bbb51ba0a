"""What hurts a ledger, one small class a fault, in files by what they hurt; `menu` draws from all of them.

fault → workers · stores · clock · redis · brokers · disk · network → menu
"""
