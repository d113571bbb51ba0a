"""Every input has one outcome, every movement one effect, and the answers of a partition keep its order."""

from collections.abc import Iterator

from tests.faults.checker.history import History, Record, Value, Violation, item_of, key_of
from tests.faults.checker.outcomes import Outcome, Outcomes, source_of
from tests.faults.checker.partitions import partition_of

UNREADABLE = ("message-undecodable", "key-mismatch")
SCHEMA_BYTES = 5


def one_outcome_per_input(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """Each input is an effect, a duplicate, or a refusal with its dead letter: one of them, once."""
    name = "one-outcome-per-input"
    inputs = set()
    for topic in ("movements", "master-data"):
        for record in history.of(topic):
            inputs.add(record.place)
            fault = _fault(history, record, outcomes.at(record.place))
            if fault:
                yield Violation(name, record.place, fault)
    for place in outcomes.of.keys() - inputs:
        outcome = outcomes.of[place]
        first = (outcome.replies + outcome.effects + outcome.dead_letters)[0]
        yield Violation(name, first.place, f"follows from {place}, where no input is")
    for record in outcomes.nameless:
        yield Violation(name, record.place, "names no input that it follows from")


def _fault(history: History, record: Record, outcome: Outcome) -> str | None:
    replies, effects, dead = len(outcome.replies), len(outcome.effects), len(outcome.dead_letters)
    counted = f"{replies} replies, {effects} effects, {dead} dead letters"
    for letter in outcome.dead_letters:
        if (letter.key, letter.raw, letter.time_ms) != (record.key, record.raw, record.time_ms):
            return "its dead letter is not the record as it came"
    if record.topic == "master-data":
        return None if (effects, dead) in ((1, 0), (0, 1)) and not replies else f"master data with {counted}"
    if _unreadable(history, record):
        code = outcome.dead_letters[0].headers.get("error-code", b"").decode() if dead else ""
        if (replies, effects, dead) != (0, 0, 1):
            return f"an unreadable record with {counted}"
        return None if code in UNREADABLE else f"an unreadable record that is refused as {code!r}"
    if replies != 1:
        return counted
    value = outcome.replies[0].value
    assert value is not None, "replies are decoded"
    assert record.value is not None, "it is readable"
    if value["request_id"] != record.value["movement_id"]:
        return f"movement {record.value['movement_id']!r} is answered as {value['request_id']!r}"
    wanted = {"done": (True, 0), "duplicate": (False, 0), "refused": (False, 1)}.get(value["status"])
    if wanted is None or (effects > 0, dead) != wanted:
        return f"{value['status']} with {counted}"
    return None


def _unreadable(history: History, record: Record) -> bool:
    if record.value is None or record.key != item_of(record.value).encode():
        return True
    return partition_of(record.key, history.partitions) != record.partition


def as_expected(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """What the sender knew must come of an input has come of it."""
    name = "as-the-sender-knows"
    for record in history.of("movements"):
        expected = history.expected.get(record.place)
        if expected is None:
            continue
        outcome = outcomes.at(record.place)
        reply = outcome.replies[0].value if outcome.replies else None
        status = "unreadable" if reply is None else reply["status"]
        codes = [letter.headers.get("error-code", b"").decode() for letter in outcome.dead_letters[:1]]
        code = codes[0] if codes else None
        if (status, code) != (expected.status, expected.code):
            yield Violation(name, record.place, f"expected {expected.status} {expected.code}, got {status} {code}")
        elif reply is not None:
            lots = tuple(lot["lot_code"] for lot in reply["lots"])
            serials = tuple(reply["serials"]) + tuple(s for lot in reply["lots"] for s in lot["serials"])
            if expected.lots is not None and lots != expected.lots:
                yield Violation(name, record.place, f"expected the lots {expected.lots}, got {lots}")
            if expected.serials is not None and serials != expected.serials:
                yield Violation(name, record.place, f"expected the serials {expected.serials}, got {serials}")


def one_effect_per_movement(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """A movement id is done once; the same content again gets the same codes as a duplicate, other is refused."""
    name = "one-effect-per-movement"
    first: dict[tuple[str, str], tuple[Record, Value]] = {}
    undone: dict[tuple[str, str], Record] = {}
    for record in history.of("movements"):
        replies = outcomes.at(record.place).replies
        if record.value is None or len(replies) != 1:
            continue
        reply = replies[0].value
        assert reply is not None, "replies are decoded"
        key = (item_of(record.value), record.value["movement_id"])
        before = first.get(key)
        if reply["status"] == "done":
            if before is not None:
                yield Violation(name, record.place, f"movement {key[1]!r} was done at {before[0].place} already")
            else:
                first[key] = (record, reply)
                yield from _whole(history, record, outcomes.at(record.place))
                if record.value["action"] == "reverse":
                    yield from _undone(record, first, undone, outcomes)
        elif before is None:
            if reply["status"] == "duplicate":
                yield Violation(name, record.place, f"movement {key[1]!r} is a duplicate of nothing")
        elif _same(before[0], record):
            if reply["status"] != "duplicate" or _codes(reply) != _codes(before[1]):
                yield Violation(
                    name, record.place, f"the same movement again does not get the answer of {before[0].place}"
                )
        elif reply["status"] != "refused" or all(r["code"] != "movement-id-reused" for r in reply["reasons"]):
            yield Violation(
                name, record.place, f"other content under the id of {before[0].place} is not refused as such"
            )
    entries: dict[str, Record] = {}
    for topic in ("postings", "register-history"):
        for record in history.of(topic):
            assert record.value is not None, "events are decoded"
            # A reversal publishes the lines that it undoes once more, under their ids.
            again = "/reversed" if record.value.get("reversed") else ""
            id = f"{topic}/{record.value['entry_id']}{again}"
            if id in entries:
                yield Violation(name, record.place, f"entry {record.value['entry_id']!r} is at {entries[id].place} too")
            entries[id] = record


def _same(one: Record, other: Record) -> bool:
    if one.raw is not None and other.raw is not None and one.raw[SCHEMA_BYTES:] == other.raw[SCHEMA_BYTES:]:
        return True
    return one.value == other.value


def _codes(reply: Value) -> object:
    return (reply["lots"], reply["serials"], reply["stock_after"], reply["movement_ids"])


def _whole(history: History, record: Record, outcome: Outcome) -> Iterator[Violation]:
    """The postings of a movement add up to its quantity, in the management unit, with its template's sign."""
    value = record.value
    assert value is not None, "a movement that was done is decoded"
    if value["action"] != "post":
        return
    template = history.master("template").get(key_of(value["warehouse"], value["template"]))
    item = history.master("item").get(item_of(value))
    if template is None or item is None:
        return
    wanted = _in_management_unit(item, value["unit"], value["quantity"])
    moved = sum(
        effect.value["quantity"]
        for effect in outcome.effects
        if effect.topic == "postings" and effect.value is not None and not effect.value["offset"]
    )
    if moved != (wanted if template["direction"] == "load" else -wanted):
        yield Violation(
            "one-effect-per-movement", record.place, f"expected postings of {wanted} millionths in all, got {moved}"
        )


def _undone(
    record: Record,
    first: dict[tuple[str, str], tuple[Record, Value]],
    undone: dict[tuple[str, str], Record],
    outcomes: Outcomes,
) -> Iterator[Violation]:
    """A reversal undoes a movement of its item that was done, once, and takes back all that it moved."""
    name, value = "one-effect-per-movement", record.value
    assert value is not None, "a movement that was done is decoded"
    key = (item_of(value), value["reverses"])
    original = first.get(key)
    if original is None:
        yield Violation(name, record.place, f"undoes {key[1]!r}, which was not done")
        return
    if key in undone:
        yield Violation(name, record.place, f"movement {key[1]!r} was undone at {undone[key].place} already")
    undone[key] = record
    moved, back = (_moved(outcomes.at(place.place)) for place in (original[0], record))
    if {row: -quantity for row, quantity in moved.items()} != back:
        yield Violation(name, record.place, f"{key[1]!r} moved {moved}, its reversal {back}")


def _moved(outcome: Outcome) -> dict[str, int]:
    """Stock row → what an input moved there, in millionths."""
    moved: dict[str, int] = {}
    for effect in outcome.effects:
        if effect.topic == "postings" and effect.value is not None:
            names = ("item_class", "item_code", "variant", "warehouse", "location", "lot_code")
            row = key_of(*(effect.value[name] for name in names))
            moved[row] = moved.get(row, 0) + effect.value["quantity"]
    return moved


def _in_management_unit(item: Value, unit: str | None, quantity: int) -> int:
    for other in item.get("alternative_units", ()):
        if other["unit"] == unit:
            if other["operator"] == "multiply":
                return int(quantity * other["factor"] // 1_000_000)
            return int(quantity * 1_000_000 // other["factor"])
    return quantity


def order_kept(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """In each partition, outputs stand in the order of the inputs that they follow from."""
    del outcomes
    for topic in ("replies", "postings", "register-history", "movements.dead-letters"):
        last: dict[tuple[int, str, int], tuple[int, int]] = {}
        for record in history.of(topic):
            source = source_of(record)
            if source is None:
                continue
            line = (record.partition, *source[:2])
            if source[2:] < last.get(line, (-1, -1)):
                yield Violation("order-kept", record.place, f"follows from {source[:3]}, behind {last[line]}")
            last[line] = source[2:]
    for record in history.of("replies"):
        source = source_of(record)
        if source is not None and source[1] != record.partition:
            yield Violation("order-kept", record.place, f"lies in another partition than its request {source[:3]}")
