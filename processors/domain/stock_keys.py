"""The key of a stock row: what every part that touches stock agrees on."""

from processors.domain import keys


def stock_key(scope_key: str, warehouse: str, location: str | None, lot_code: str | None) -> str:
    """Key of a stock row; `scope_key` is the key of item + variant."""
    part = keys.part
    return f"{scope_key}|{part(warehouse)}|{part(location) if location else ''}|{part(lot_code) if lot_code else ''}"
