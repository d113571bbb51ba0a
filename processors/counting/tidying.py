"""Private rows of an inventory are dropped once no read or command of its time can come again.

An inventory that closes leaves a row of kind `closed`. The next inventory that the task opens 30 days later or more
(for so long the inputs are kept) drops the ids and sessions of the closed ones, in slices.
"""

from itertools import chain
from typing import Final

from processors.counting.registers import COUNTING_STATE, state_key, state_row
from processors.counting.step import Step
from processors.domain import keys
from processors.domain.calendar import DAY_MS
from processors.domain.decision import Barrier
from processors.domain.message import Continuation

BARRIER: Final = "tidy"
KEPT_MS: Final = 30 * DAY_MS
SLICE_ROWS: Final = 2_000
_CLOSED: Final = "closed"
_KINDS: Final = ("command", "handed-over", "scan", "session")
"""Of the rows that are dropped."""


def to_be_forgotten(step: Step, inventory: str) -> None:
    """Note that an inventory is closed."""
    step.put(COUNTING_STATE, state_key(_CLOSED, inventory), state_row(_CLOSED, (inventory,), step.time_ms))


def tidy(step: Step) -> None:
    """Begin to drop what is due, if anything is. An inventory that still works it off goes on with it."""
    for _, row in step.view.prefix(COUNTING_STATE, f"{_CLOSED}|"):
        if row.at + KEPT_MS < step.time_ms:
            step.barriers.append(Barrier(BARRIER, None, str(step.time_ms)))
            return


def resume(continuation: Continuation, step: Step, slice_rows: int = SLICE_ROWS) -> None:
    """Drop the next `slice_rows` rows; the row of an inventory goes with the last of them."""
    left = slice_rows
    for key, row in step.view.prefix(COUNTING_STATE, f"{_CLOSED}|"):
        if row.at + KEPT_MS >= int(continuation.text.split("|")[0]):
            continue
        (inventory,) = keys.split(row.id)
        for id_key, _ in chain.from_iterable(
            step.view.prefix(COUNTING_STATE, f"{kind}|{keys.part(keys.join(inventory) + '|')}") for kind in _KINDS
        ):
            if left == 0:
                text = keys.join(continuation.text.split("|")[0], id_key)
                step.barriers.append(Barrier(BARRIER, None, text))
                return
            step.put(COUNTING_STATE, id_key, None)
            left -= 1
        step.put(COUNTING_STATE, key, None)
