"""The counter register covers what was given out; an item's counter has no gap that no typed code explains."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.checker.codes import Given, codes_of, counter_key, given_codes, undone_movements
from tests.faults.checker.composition import compose
from tests.faults.checker.history import History, Record, Value, Violation, item_of, key_of
from tests.faults.checker.outcomes import Outcomes
from tests.faults.checker.partitions import partition_of


def counters_cover_their_codes(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """`next_ordinal` of each partition's row lies above every ordinal that stands in that partition; counts agree."""
    name = "counters-cover-their-codes"
    rows = _rows(history)
    undone = _undone_codes(history, outcomes)
    given: dict[tuple[str, int], list[Given]] = defaultdict(list)
    for each in given_codes(history, outcomes):
        given[each.counter, each.record.partition].append(each)
    for place, codes in given.items():
        row = rows.get(place)
        last = max(codes, key=lambda each: each.ordinal)
        if row is None:
            yield Violation(name, last.record.place, f"counter {place[0]} has no row for partition {place[1]}")
            continue
        record, value = row
        if value["next_ordinal"] <= last.ordinal:
            yield Violation(name, record.place, f"next is {value['next_ordinal']}, {last.code!r} has {last.ordinal}")
        # Of those that a reversal undid, which counter they came from is not known here.
        if not 0 <= value["assigned"] - len(codes) <= undone[place[1]]:
            yield Violation(
                name, record.place, f"{value['assigned']} counted as given out, {len(codes)} codes are there"
            )
    for place in rows.keys() - given.keys():
        record, value = rows[place]
        if value["assigned"] > undone[place[1]]:
            yield Violation(name, record.place, f"{value['assigned']} counted as given out, no code is there")


def no_gap_unexplained(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """Below an item counter's `next_ordinal` each ordinal is a code's, was freed, or its code was typed by hand.

    Counters whose codes hold more than item fields and the progressive are only compared by count.
    """
    name = "no-gap-unexplained"
    undone: dict[str, set[str]] = defaultdict(set)
    for movement, reply in undone_movements(history, outcomes):
        undone[item_of(movement)] |= {code for _, code in codes_of(reply)}
    taken: dict[str, set[int]] = defaultdict(set)
    for each in given_codes(history, outcomes):
        taken[each.counter].add(each.ordinal)
    items, types = history.master("item"), history.master("code_type")
    lots = {(item_of(row), row["variant"], row["lot_code"]) for _, row in history.newest("lot-register")}
    serials = {(item_of(row), row["variant"], row["serial_code"]) for _, row in history.newest("serial-register")}
    for (key, _), (record, row) in _rows(history).items():
        if row["scope"] != "item":
            continue
        item = items[item_of(row)]
        code_type = types[key_of(row["kind"], row["code_type"])]
        fields = {**{n: item[n] for n in ITEM_FIELDS}, "variant": row["variant"]}
        composed = all(part["field"] in (*fields, "number", "letters") for part in code_type["parts"])
        free = _free(row["free"])
        missing = [n for n in range(row["next_ordinal"]) if n not in taken[key] and n not in free]
        if composed:
            # Where gaps are not filled, an ordinal that a reversal freed stays unused.
            gone = undone[item_of(row)]
            missing = [n for n in missing if code_type["fill_gaps"] or compose(code_type, fields, n) not in gone]
        skipped_least = 0 if code_type["fill_gaps"] or undone[item_of(row)] else row["skipped"]
        if not skipped_least <= len(missing) <= row["skipped"]:
            yield Violation(
                name,
                record.place,
                f"{key}: {len(missing)} of {row['next_ordinal']} ordinals have no code ({_shown(missing)}), "
                f"{row['skipped']} were skipped",
            )
        if not composed:
            continue
        codes = lots if row["kind"] == "lot" else serials
        for ordinal in missing:
            code = compose(code_type, fields, ordinal)
            if (item_of(row), row["variant"] or "", code) not in codes:
                yield Violation(name, record.place, f"{key}: ordinal {ordinal} was passed over, nobody typed {code!r}")
                break


def _undone_codes(history: History, outcomes: Outcomes) -> Counter[int]:
    """Partition → codes in it that reversals have undone."""
    counted: Counter[int] = Counter()
    for movement, reply in undone_movements(history, outcomes):
        partition = partition_of(item_of(movement).encode(), history.partitions)
        counted[partition] += sum(1 for _ in codes_of(reply))
    return counted


ITEM_FIELDS = ("item_class", "item_code", "characteristic", "product_category", "item_type")


def _rows(history: History) -> dict[tuple[str, int], tuple[Record, Value]]:
    rows = {}
    for record, row in history.newest("counter-register"):
        scope = (row["item_class"] or "", row["item_code"] or "", row["variant"] or "")
        key = counter_key(row["kind"], row["code_type"], scope, row["root_key"])
        rows[key, row["partition"]] = (record, row)
    return rows


def _free(intervals: str) -> set[int]:
    free: set[int] = set()
    for part in intervals.split(",") if intervals else ():
        first, _, last = part.partition("-")
        free |= set(range(int(first), int(last or first) + 1))
    return free


def _shown(ordinals: list[int]) -> str:
    return ", ".join(str(n) for n in ordinals[:5]) + (" …" if len(ordinals) > 5 else "")
