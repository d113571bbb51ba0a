"""Who sees what of blind counts, by role and name; `store.sight` keeps the rule itself."""

from processors.edge.api.roles import Caller, Role
from processors.edge.store.sight import WHOLE, Connection, Sight, blind_sight


def sight_of(connection: Connection, caller: Caller) -> Sight:
    """What a caller may see of the registers.

    A supervisor sees all. An operator sees no books of what is counted blind, by himself or by others: a figure goes
    from mouth to mouth. A viewer's token sees all too, unless a blind list is to be counted under its name.
    """
    if caller.role >= Role.SUPERVISOR:
        return WHOLE
    return blind_sight(connection, None if caller.role is Role.OPERATOR else caller.name)
