"""Whatever the order, the repetition or the device: the same goods give the same line, and nothing counts twice."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.domain import quantity
from processors.domain.count_registers import CountLineRow
from processors.domain.decision import Decision
from processors.domain.scans import Scan
from tests.counting.counting_story import Count

FIELDS = st.sampled_from(
    [
        {"item_class": "FOO", "item_code": "CHEESE", "variant": "OLD", "lot": "L7", "quantity": "3", "unit": "BOX"},
        {"item_class": "FOO", "item_code": "SALT", "quantity": "2.5"},
        {"item_class": "MAC", "item_code": "PUMP", "serial": "P1"},
        {"item_class": "MAC", "item_code": "FILTER", "lot": "L7", "serial": "F1", "quantity": "1"},
    ]
)
BARCODES = {
    "location": lambda told: f"Loc-W2-{told['location']}",
    "quantity": lambda told: f"Qty-{told['quantity']}",
    "serial": lambda told: f"SN-{told['serial']}",
}


def parts_of(told: dict[str, str]) -> list[dict[str, str]]:
    """The fields one by one; class and code belong together for a barcode, and so do quantity and unit."""
    return [{name: value} for name, value in told.items()]


@st.composite
def readings(draw: st.DrawFn) -> tuple[dict[str, str], list[tuple[str, dict[str, str]]]]:
    """What is read, and the reads that say it: in any order, typed or by barcode, the last confirming or not."""
    told: dict[str, str] = {**draw(FIELDS), "location": "A"}
    reads = []
    parts = draw(st.permutations(parts_of(told)))
    while parts:
        size = draw(st.integers(1, len(parts)))
        now, parts = parts[:size], parts[size:]
        fields = {name: value for part in now for name, value in part.items()}
        barcode = draw(st.sampled_from([None, *(name for name in BARCODES if name in fields)]))
        if barcode is not None:
            fields["barcode"] = BARCODES[barcode](told)
            del fields[barcode]
        reads.append(("read", fields))
    if draw(st.booleans()):
        reads[-1] = ("confirm", reads[-1][1])
    else:
        reads.append(("confirm", {}))
    return told, reads


@settings(max_examples=100, deadline=None)
@given(readings())
def test_any_order_of_reads_gives_the_same_line(
    reading: tuple[dict[str, str], list[tuple[str, dict[str, str]]]],
) -> None:
    told, reads = reading
    assert line_of(reads) == line_of([("confirm", told)])


def line_of(reads: list[tuple[str, dict[str, str]]]) -> CountLineRow:
    count = Count()
    count.open(warehouse="W2")
    answers = [count.scan(action, **fields) for action, fields in reads]
    assert [answer.status for answer in answers] == ["noted"] * (len(reads) - 1) + ["accepted"]
    (line,) = count.lines()
    return line


SCANS = st.builds(
    dict,
    action=st.sampled_from(["read", "confirm", "confirm", "confirm", "answer", "cancel"]),
    item=st.sampled_from([None, ("FOO", "CHEESE"), ("FOO", "SALT"), ("MAC", "PUMP")]),
    lot=st.sampled_from([None, "L7"]),
    serial=st.sampled_from([None, "P1", "P2"]),
    location=st.sampled_from([None, "A", "B", "Z"]),
    quantity=st.sampled_from([None, "0", "1", "2.5"]),
    answer=st.sampled_from([None, "add", "replace"]),
    barcode=st.sampled_from([None, None, "SALT-BAG", "NOBODYS", "Qty-7"]),
    device=st.sampled_from(["d1", "d2"]),
    who=st.sampled_from([("L1", "anna"), ("L2", "ben"), ("L2", "anna")]),
)


def scans_of(count: Count, drawn: list[dict[str, Any]]) -> list[Scan]:
    scans = []
    for number, told in enumerate(drawn):
        fields = {name: value for name, value in told.items() if name not in ("action", "item", "who")}
        if told["item"] is not None:
            fields["item_class"], fields["item_code"] = told["item"]
        fields["list"], fields["operator"] = told["who"]
        scans.append(count.a_scan(told["action"], f"s{number}", **fields))
    return scans


def counted(count: Count) -> dict[str, Any]:
    return {topic: dict(rows) for topic, rows in count.view.rows.items()}


def begun() -> Count:
    count = Count()
    count.open("L1", warehouse="W2", type="SHELF")
    count.open("L2", warehouse="W2", operator="ben")
    return count


@settings(max_examples=150, deadline=None)
@given(st.lists(SCANS, max_size=12), st.data())
def test_any_repetition_of_reads_changes_nothing(drawn: list[dict[str, Any]], data: st.DataObject) -> None:
    once, often = begun(), begun()
    for place, scan in enumerate(scans := scans_of(once, drawn)):
        expected = once.take("scans", scan)
        assert told(often.take("scans", scan)) == told(expected)
        again = data.draw(st.sampled_from(scans[: place + 1]))
        if again is not scan and not taken(once, again):
            again = scan
        later = replace(again, sent_at=(again.sent_at or 0) + 5)
        repeated = often.take("scans", later)
        assert not [emit for emit in repeated.records if emit.topic != "scan-feedback"]
    assert counted(often) == counted(once)


@settings(max_examples=150, deadline=None)
@given(st.lists(SCANS, max_size=15))
def test_lines_are_what_the_ledger_was_told_and_no_goods_have_two(drawn: list[dict[str, Any]]) -> None:
    count = begun()
    for scan in scans_of(count, drawn):
        count.take("scans", scan)
    lines = [*count.lines("L1"), *count.lines("L2")]
    newest = {(told.list, told.line): told for told in count.told if told.kind == "line"}
    assert {place: (told.counted, told.revision) for place, told in newest.items()} == {
        (line.list, line.line): (line.counted, line.revision) for line in lines
    }
    places = [
        (row.item_code, row.lot_code, row.serial_code, None if row.serial_code else row.location) for row in lines
    ]
    assert len(places) == len(set(places))
    for name in ("L1", "L2"):
        assert count.list_row(name).lines == count.list_row(name).pending == len(count.lines(name))
    assert all(quantity.is_whole(row.counted) and row.counted == quantity.ONE for row in lines if row.serial_code)


@settings(max_examples=50, deadline=None)
@given(st.lists(SCANS, max_size=12))
def test_the_same_reads_are_decided_the_same_again(drawn: list[dict[str, Any]]) -> None:
    """As after a crash between deciding and committing: what is decided again is what was decided."""
    count, second = begun(), begun()
    for scan in scans_of(count, drawn):
        forgotten = second.offset
        dropped = second.decide("scans", scan)
        second.offset = forgotten
        decision = count.take("scans", scan)
        assert dropped == decision == second.take("scans", scan)
    assert counted(count) == counted(second)


def told(decision: Decision) -> list[object]:
    return [(emit.topic, emit.key, emit.value) for emit in decision.records]


def taken(count: Count, scan: Scan) -> bool:
    return f"scan|I1\\|{scan.scan_id}" in count.rows("counting-state")
