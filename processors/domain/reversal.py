"""An earlier movement undone, exactly once: stock, lots, serials and codes as if it had not been (`domain.md` §3).

Refused where the goods have moved on. The undone document lines are published again, marked reversed, under their ids.
"""

from processors.domain.effects import Accepted
from processors.domain.form import check_head
from processors.domain.intake import check_period
from processors.domain.message import Message
from processors.domain.movement import Movement
from processors.domain.posting import Circumstances, Posted
from processors.domain.refusals import Reason
from processors.domain.undoing import Undoing


def reverse(
    message: Message, movement: Movement, accepted: Accepted | None, around: Circumstances, reasons: list[Reason]
) -> Posted | None:
    """The whole effect of a reversal, but for the rows of the two ids; None where `reasons` were found.

    `accepted` is the movement that it names, None where there is none. What it says beside that id is its own date,
    user and moment of arrival: the moment is the original's.
    """
    if not check_head(movement, message.time_ms, reasons):
        return None
    if movement.lots or movement.serials:
        reasons.append(
            Reason("field-invalid", "a reversal undoes all of a movement; leave out lots and serials", "reverses")
        )
    check_period(around.master.company, movement.effective_date, around.dropped_until, reasons)
    if movement.reverses is None:
        reasons.append(Reason("field-invalid", "action reverse needs reverses, which is missing", "reverses"))
        return None
    if accepted is None:
        reasons.append(
            Reason(
                "movement-unknown",
                f"no movement {movement.reverses!r} of this item was taken; name one that was, with its item",
                "reverses",
            )
        )
        return None
    if accepted.reversed_by is not None:
        reasons.append(
            Reason(
                "movement-already-reversed",
                f"movement {movement.reverses!r} was reversed by {accepted.reversed_by!r} already; leave it",
                "reverses",
            )
        )
    elif not accepted.effects:
        reasons.append(
            Reason(
                "reversal-impossible",
                f"{movement.reverses!r} moved no goods (action {accepted.movement.action}); "
                "release a reservation, post a reversed movement anew",
                "reverses",
            )
        )
    elif not accepted.comparable:
        item = movement.item_code
        reasons.append(
            Reason(
                "reversal-impossible",
                f"item {item!r} has changed its unit or its management by lots or serials since {movement.reverses!r}; "
                "post the opposite movement as the item is now",
                "reverses",
            )
        )
    if accepted.reversed_by is not None or not accepted.effects or not accepted.comparable:
        return None
    undoing = Undoing(message, movement, accepted, around, reasons)
    # Loads first: what a transfer brought must be free before it is back where it came from.
    for effect in sorted(accepted.effects, key=lambda effect: not effect.load):
        undoing.undo(effect)
    return None if reasons else undoing.done()
