"""What moved when, of which stock row: the trail along which the book of any moment is found (architecture §6).

The private row of each movement and adjustment says what it changed of which stock row; a trail keeps that in order of
the moments. A moment has two ranks: movements first, adjustments and corrections after them. A count sees what was
posted up to its moment with the first rank. A reversal stands at its original's moment, so the two cancel.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from processors.domain import keys
from processors.domain.message import Trail
from processors.domain.registers import StateRow
from processors.domain.view import STATE, View

MOVEMENT: Final = 0
ADJUSTMENT: Final = 1
_KINDS: Final = {"movement": MOVEMENT, "adjustment": ADJUSTMENT}


def moved_text(scope_key: str, moved: Mapping[str, int], serials: bool) -> str:
    """The text of `StateRow.moved`: stock key → what was added, signed. `scope_key` begins all of them."""
    entries = [f"{len(key)}:{quantity}:{key}" for key, quantity in moved.items()]
    return f"{'s' if serials else '-'}{len(scope_key)}:{''.join(entries)}"


def _stock_entries(row: StateRow) -> Sequence[str]:
    rank = _KINDS.get(row.kind)
    if rank is None or row.moved is None:
        return ()
    text = row.moved
    when, id = f"|{_moment(row):015d}|{rank}|", keys.part(row.id)
    _, length, quantity, key = text.split(":", 3)
    if int(length) == len(key):  # one stock row, as a rule
        return (f"{key}{when}{quantity}|{id}",)
    found, at = [], text.index(":") + 1
    while at < len(text):
        colon = text.index(":", at)
        start = text.index(":", colon + 1) + 1
        end = start + int(text[at:colon])
        found.append(f"{text[start:end]}{when}{text[colon + 1 : start - 1]}|{id}")
        at = end
    return found


def _serial_entries(row: StateRow) -> Sequence[str]:
    rank = _KINDS.get(row.kind)
    if rank is None or row.moved is None or row.moved[0] != "s":
        return ()
    text = row.moved
    colon = text.index(":")
    start = text.index(":", text.index(":", colon + 1) + 1) + 1
    scope_key = text[start : start + int(text[1:colon])]
    return (f"{scope_key}|{_moment(row):015d}|{rank}|{keys.part(row.id)}",)


def _moment(row: StateRow) -> int:
    """When it happened, ms; what lies before 1970 counts as its beginning."""
    return max(0, row.at if row.offset is None else row.offset)


STOCK_MOVES: Final = Trail("stock-moves", STATE, _stock_entries)
"""Index key `<stock key>|<moment>|<rank>|<quantity>|<id>`."""
SERIAL_MOVES: Final = Trail("serial-moves", STATE, _serial_entries)
"""Index key `<key of item + variant>|<moment>|<rank>|<id>`, of what moved pieces with serials."""


def moves_after(view: View, stock_key: str, moment: int) -> Iterator[tuple[int, int, int]]:
    """(Moment, rank, quantity) of all that a count at `moment` does not see, in order."""
    start = len(stock_key) + 1
    for key, _ in view.trail(STOCK_MOVES.name, f"{stock_key}|", f"{stock_key}|{max(0, moment):015d}|{MOVEMENT}~"):
        yield int(key[start : start + 15]), int(key[start + 16]), int(key[start + 18 : key.index("|", start + 18)])


def book_at(view: View, stock_key: str, stock: int, moment: int) -> int:
    """What a row held at a moment by all that is known now; `stock` is what it holds now."""
    return stock - sum(quantity for _, _, quantity in moves_after(view, stock_key, moment))


def lowest_book(
    view: View, stock_key: str, stock: int, first: int, last: int, more: Sequence[tuple[int, int, int]] = ()
) -> int:
    """The least that a row held from one moment through another, by what is known and by some moves `more`.

    `stock` is what it holds now, without these.
    """
    later = list(moves_after(view, stock_key, first))
    if more:
        stock += sum(quantity for _, _, quantity in more)
        later = sorted([*later, *(move for move in more if move[:2] > (first, MOVEMENT))])
    held = stock - sum(quantity for _, _, quantity in later)
    lowest, at = held, first
    for moment, rank, quantity in later:
        if (moment, rank) > (last, MOVEMENT):
            break
        if moment > at:
            lowest, at = min(lowest, held), moment
        held += quantity
    return min(lowest, held)


def moved_between(view: View, stock_key: str, first: int, last: int) -> bool:
    """Whether goods of a row moved after one moment and not after another; what was undone did not move."""
    sums: dict[tuple[int, int], int] = {}
    for moment, rank, quantity in moves_after(view, stock_key, first):
        if moment > last:
            break
        if rank == MOVEMENT and moment > first:
            place = (moment, abs(quantity))
            sums[place] = sums.get(place, 0) + quantity
    return any(sums.values())


def serial_moves_after(view: View, scope_key: str, moment: int) -> Iterator[tuple[int, int, str]]:
    """(Moment, rank, key of the private row) of all that moved serials of an item after a count at `moment`."""
    start = len(scope_key) + 1
    for key, row_key in view.trail(
        SERIAL_MOVES.name, f"{scope_key}|", f"{scope_key}|{max(0, moment):015d}|{MOVEMENT}~"
    ):
        yield int(key[start : start + 15]), int(key[start + 16]), row_key
