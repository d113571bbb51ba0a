"""Where pieces were at a moment: today's place, and back along what moved them since (architecture §6.8)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from processors.domain import keys
from processors.domain.effects import lines_of, read_effects
from processors.domain.events import Reply
from processors.domain.moved import MOVEMENT, serial_moves_after
from processors.domain.registers import SerialRow, StateRow
from processors.domain.view import STATE, View

Place = tuple[str, str | None]
"""Warehouse and location."""
Piece = tuple[str | None, str]
"""Lot code and serial code."""


@dataclass(frozen=True, slots=True, order=True)
class PieceMove:
    """One side of something that moved a piece: at a moment first what movements did, and of one what was taken out."""

    moment: int
    rank: int
    load: bool
    warehouse: str
    location: str


class SerialMoves:
    """What moved the pieces of one item + variant after a moment. `decode_reply` reads the answers that are kept."""

    def __init__(self, view: View, scope_key: str, since: int, decode_reply: Callable[[bytes], Reply]) -> None:
        self.since = since
        self._moves: dict[Piece, list[PieceMove]] = {}
        for moment, rank, row_key in serial_moves_after(view, scope_key, since):
            row = view.once(STATE, row_key)
            if row is not None and row.reversed_by is None:
                self._add(row, moment, rank, decode_reply)
        for piece, moves in self._moves.items():
            self._moves[piece] = sorted(_without_corrected(moves))

    def _add(self, row: StateRow, moment: int, rank: int, decode_reply: Callable[[bytes], Reply]) -> None:
        if rank != MOVEMENT:
            if row.continuation is not None:
                direction, warehouse, location, lot_code, serial = keys.split(row.continuation)
                self._note(
                    (lot_code or None, serial), PieceMove(moment, rank, direction == "load", warehouse, location)
                )
            return
        effects = read_effects(row.continuation) if row.continuation else ()
        reply = decode_reply(row.reply) if effects and row.reply is not None else None
        for effect in effects if reply is not None else ():
            assert reply is not None
            move = PieceMove(moment, rank, effect.load, effect.warehouse, effect.location or "")
            for lot, _, serials in lines_of(effect, effects, reply):
                for serial in serials:
                    self._note((lot, serial), move)

    def _note(self, piece: Piece, move: PieceMove) -> None:
        self._moves.setdefault(piece, []).append(move)

    def place_at(self, piece: Piece, row: SerialRow | None, moment: int) -> Place | None:
        """Where a piece was in stock at a moment from `since` on; None: nowhere. `row` is the piece as it is now."""
        later = [move for move in self._moves.get(piece, ()) if (move.moment, move.rank) > (moment, MOVEMENT)]
        if later:
            return _origin([move for move in later if (move.moment, move.rank) == (later[0].moment, later[0].rank)])
        if row is None or row.state != "in_stock" or row.warehouse is None:
            return None
        return row.warehouse, row.location

    def documented_after(self, piece: Piece, moment: int) -> bool:
        """Whether a movement, not an adjustment, moved a piece after a moment."""
        return any(move.rank == MOVEMENT and move.moment > moment for move in self._moves.get(piece, ()))

    def pieces(self) -> list[Piece]:
        """All that moved."""
        return list(self._moves)


def _origin(moves: list[PieceMove]) -> Place | None:
    """Where a piece was before what moved it at one moment: the place that it left for good, if any."""
    left: dict[Place, int] = {}
    for move in moves:
        place = (move.warehouse, move.location or None)
        left[place] = left.get(place, 0) + (-1 if move.load else 1)
    if all(times == 0 for times in left.values()):
        return None if moves[0].load else (moves[0].warehouse, moves[0].location or None)
    return next((place for place, times in left.items() if times > 0), None)


def _without_corrected(moves: list[PieceMove]) -> list[PieceMove]:
    """What an adjustment did and its correction took back, or the other way round, did not move the piece."""
    opposite: dict[PieceMove, int] = {}
    for move in moves:
        opposite[move] = opposite.get(move, 0) + 1
    kept = []
    for move, times in opposite.items():
        if move.rank == MOVEMENT:
            kept += [move] * times
        else:
            back = replace(move, load=not move.load)
            kept += [move] * max(0, times - opposite.get(back, 0))
    return kept
