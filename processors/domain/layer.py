"""Changes upon changes: a step of a larger decision reads the rows as the steps before it left them."""

from collections.abc import Iterator
from typing import Any, TypeVar

from processors.domain.changes import Changes
from processors.domain.view import LOTS, POSITIONS, RESERVATIONS, SERIALS, STATE, STOCK, Register

T = TypeVar("T")


class Layer:
    """A view of what `Changes` have made of rows. Walks (`prefix`, indexes, trails) do not see these changes."""

    def __init__(self, below: Changes) -> None:
        self._view = below.view
        self._changed: dict[str, dict[str, Any]] = {
            STOCK.topic: below.stock,
            LOTS.topic: below.lots,
            SERIALS.topic: below.serials,
            RESERVATIONS.topic: below.reservations,
            POSITIONS.topic: below.positions,
            STATE.topic: below.state,
        }

    def get(self, register: Register[T], key: str) -> T | None:
        changed = self._changed.get(register.topic)
        if changed is not None and key in changed:
            row: T | None = changed[key]
            return row
        return self._view.get(register, key)

    def once(self, register: Register[T], key: str) -> T | None:
        return self.get(register, key)

    def prefix(self, register: Register[T], prefix: str, after: str = "") -> Iterator[tuple[str, T]]:
        return self._view.prefix(register, prefix, after)

    def members(self, index: str, key: str) -> tuple[str, ...]:
        return self._view.members(index, key)

    def ordered(self, index: str, prefix: str) -> Iterator[str]:
        return self._view.ordered(index, prefix)

    def trail(self, trail: str, prefix: str, after: str = "") -> Iterator[tuple[str, str]]:
        return self._view.trail(trail, prefix, after)
