"""Rows with defaults, for tests of the store."""

from processors.domain.registers import LotRow


def a_lot(code: str = "L1", quantity: int = 0, day: int = 0, time_ms: int = 0) -> LotRow:
    """A lot of item A whose quantities, first day and times are those given."""
    return LotRow(
        "FG", "A", "", code, None, None, None, None, None, None, None, day, None, None, None, quantity, None, None,
        None, None, None, True, False, quantity, 0, quantity, 0, 1, time_ms, time_ms,
    )  # fmt: skip
