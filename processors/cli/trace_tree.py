"""The lines of a trace as a tree for people."""

from collections.abc import Iterable, Iterator

from processors.cli.trace_rows import Line, Row
from processors.domain import keys

_WORDS = {
    ("step", "forward"): "used",
    ("step", "backward"): "made",
    ("document", "forward"): "out",
    ("document", "backward"): "in",
}


def drawn(lines: Iterable[Line]) -> Iterator[str]:
    """One text a line. A loop over levels, no recursion: a chain of steps may be of any length."""
    lasts: list[bool] = []
    for line in lines:
        level = line.row["level"]
        lasts[level:] = [line.last]
        if level == 0:
            yield described(line.row)
            continue
        guides = "".join("   " if last else "│  " for last in lasts[1:level])
        yield f"{guides}{'└─ ' if line.last else '├─ '}{described(line.row)}"


def described(row: Row) -> str:
    """A line in words: what, how much, where, on which document, for whom."""
    if row["kind"] == "goods":
        words = [] if row["quantity"] is None else [row["quantity"], *([row["unit"]] if row["unit"] else []), "·"]
        words.append(goods_text(row))
        if row["stock"] is not None:
            words.append(f"· stock {row['stock']}")
        if row["state"] is not None:
            words.append(f"· {row['state']}")
    else:
        words = [_WORDS[row["kind"], row["direction"]], row["quantity"]]
        if row["unit"]:
            words.append(row["unit"])
        if row["transformation_id"] not in (None, _own(row)):
            words.append(f"in {row['transformation_id']}")
        words.append(f"on {row['occurred_at'][:10]}")
        if row["document_number"] is not None:
            words.append(f"· {row['document_type']} {row['document_number']}")
        if row["accounts"] is not None:
            words.append(f"· {row['accounts']}")
        words.append(f"({row['movement_ids']})")
    if row["again"]:
        words.append("… shown elsewhere")
    if row["cut"]:
        words.append("… more lies deeper (--depth)")
    return " ".join(words)


def _own(row: Row) -> str:
    """The transformation of a movement that names none: it is one by itself."""
    return f"{keys.join(row['item_class'], row['item_code'])}|{keys.part(row['movement_ids'])}"


def goods_text(row: Row) -> str:
    """Lot or serial with its item, as `lot L1 of FOO|CHEESE`."""
    what = []
    if row["serial_code"] is not None:
        what.append(f"serial {row['serial_code']}")
    if row["lot_code"] is not None:
        what.append(f"lot {row['lot_code']}")
    item = f"{row['item_class']}|{row['item_code']}" + (f", variant {row['variant']}" if row["variant"] else "")
    return f"{' in '.join(what)} of {item}" if what else item
