"""Codes: unique in their scope, fitting their rule, given out by one movement each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.checker.composition import compose, fields_of, root_of
from tests.faults.checker.history import History, Place, Record, Value, Violation, item_of, key_of
from tests.faults.checker.outcomes import Outcomes, source_of

MASTER = ("year_letter", "month_letter", "account")


@dataclass(slots=True)
class Given:
    """A generated code as its register row has it. `counter`: kind, code type, scope (empty: company), root."""

    record: Record
    counter: str
    ordinal: int
    code: str
    composed: str


def given_codes(history: History, outcomes: Outcomes) -> list[Given]:
    """All rows with an ordinal, each with the code that its rule gives for it: reckoned once for all who ask."""
    if outcomes.given is None:
        outcomes.given = _given_codes(history)
    return outcomes.given


def _given_codes(history: History) -> list[Given]:
    items, types = history.master("item"), history.master("code_type")
    master = {kind: history.master(kind) for kind in MASTER}
    births = _births(history)
    given = []
    for kind, topic in (("lot", "lot-register"), ("serial", "serial-register")):
        for record, row in history.newest(topic):
            if row["ordinal"] is None:
                continue
            item = items[item_of(row)]
            type_name = row["code_type"] if kind == "lot" else row["serial_code_type"]
            code_type = types[key_of(kind, type_name)]
            birth = births.get(key_of(row["item_class"], row["item_code"], row["variant"], row["lot_code"]), {})
            fields = fields_of(item, row, birth, master)
            if kind == "lot":
                fields["lot_code"] = None
            code = row["lot_code"] if kind == "lot" else row["serial_code"]
            counter = counter_key(kind, type_name, _scope(history, kind, code_type, row), root_of(code_type, fields))
            given.append(Given(record, counter, row["ordinal"], code, compose(code_type, fields, row["ordinal"])))
    return given


def counter_key(kind: str, code_type: str, scope: tuple[str, ...], root: str) -> str:
    """Text form of a counter's identity; `scope` is item and variant, or three empty texts."""
    return key_of(kind, code_type, *scope, root)


def _scope(history: History, kind: str, code_type: Value, row: Value) -> tuple[str, ...]:
    scope = history.company.get("lot_code_scope") if kind == "lot" else code_type["scope"]
    return ("", "", "") if scope == "company" else (row["item_class"], row["item_code"], row["variant"])


def _births(history: History) -> dict[str, Value]:
    """Lot → the movement that brought it first."""
    inputs = {record.place: record.value for record in history.of("movements")}
    births: dict[str, Value] = {}
    for reply in history.of("replies"):
        source = source_of(reply)
        if source is None or reply.value is None or reply.value["status"] != "done":
            continue
        movement = inputs.get(source[:3])
        if movement is not None:
            for lot in reply.value["lots"]:
                lot_key = key_of(movement["item_class"], movement["item_code"], movement["variant"], lot["lot_code"])
                births.setdefault(lot_key, movement)
    return births


def codes_fit_their_rule(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """A code with an ordinal is what its code type composes for that ordinal."""
    for given in given_codes(history, outcomes):
        if given.code != given.composed:
            yield Violation(
                "codes-fit-their-rule",
                given.record.place,
                f"ordinal {given.ordinal} of {given.counter} is {given.composed!r}, got {given.code!r}",
            )


def codes_unique(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """Company-wide codes belong to one item; a generated serial equals no other serial of its item or company."""
    del outcomes
    name = "codes-unique"
    if history.company.get("lot_code_scope") == "company":
        owners: dict[str, tuple[str, Place]] = {}
        for record, row in history.newest("lot-register"):
            owner = key_of(row["item_class"], row["item_code"], row["variant"])
            before = owners.setdefault(row["lot_code"], (owner, record.place))
            if before[0] != owner:
                yield Violation(name, record.place, f"lot {row['lot_code']!r} of {owner} is {before[0]}'s, {before[1]}")
    types = history.master("code_type")
    by_code: dict[tuple[tuple[str, ...], str], list[tuple[Record, Value]]] = {}
    for record, row in history.newest("serial-register"):
        code_type = types.get(key_of("serial", row["serial_code_type"] or ""), {"scope": "item"})
        place = (_scope(history, "serial", code_type, row), row["serial_code"])
        by_code.setdefault(place, []).append((record, row))
    for (scope, code), rows in by_code.items():
        if len(rows) == 1:
            continue
        items = {key_of(row["item_class"], row["item_code"], row["variant"]) for _, row in rows}
        if any(row["ordinal"] is not None for _, row in rows) or len(items) > 1:
            others = [record.place for record, _ in rows[:-1]]
            yield Violation(
                name, rows[-1][0].place, f"serial {code!r} of {'|'.join(scope) or 'the company'} is {others} too"
            )


def undone_movements(history: History, outcomes: Outcomes) -> Iterator[tuple[Value, Value]]:
    """Movement and reply of each that a reversal undid."""
    done: dict[tuple[str, str], tuple[Value, Value]] = {}
    for record in history.of("movements"):
        replies = outcomes.at(record.place).replies
        movement, reply = record.value, replies[0].value if replies else None
        if movement is None or reply is None or reply["status"] != "done":
            continue
        if movement["action"] == "reverse" and (item_of(movement), movement["reverses"]) in done:
            yield done[item_of(movement), movement["reverses"]]
        done[item_of(movement), movement["movement_id"]] = (movement, reply)


def codes_of(reply: Value) -> Iterator[tuple[str, str]]:
    """Kind and code of each lot and serial that a reply names."""
    for lot in reply["lots"]:
        yield "lot", lot["lot_code"]
        yield from (("serial", code) for code in lot["serials"])
    yield from (("serial", code) for code in reply["serials"])


def _freed(history: History, outcomes: Outcomes) -> Counter[tuple[str, str]]:
    """How often a reversal let a code go, by kind and code."""
    return Counter(code for _, reply in undone_movements(history, outcomes) for code in codes_of(reply))


def codes_given_once(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """No two movements are given the same code, and no ordinal of a counter stands behind two codes.

    A code that a reversal has freed may be given out once more, for each time that it was freed.
    """
    name = "codes-given-once"
    given: dict[tuple[str, str, str], list[Place]] = {}
    freed = _freed(history, outcomes)
    types, items, templates = history.master("code_type"), history.master("item"), history.master("template")
    lots_company = history.company.get("lot_code_scope") == "company"
    for record in history.of("movements"):
        replies = outcomes.at(record.place).replies
        movement = record.value
        if (
            movement is None
            or movement["action"] != "post"
            or not replies
            or replies[0].value is None
            or replies[0].value["status"] != "done"
        ):
            continue
        reply = replies[0]
        assert reply.value is not None, "checked above"
        scope = key_of(movement["item_class"], movement["item_code"], movement["variant"])
        item = items.get(item_of(movement), {})
        template = templates.get(key_of(movement["warehouse"], movement["template"]), {})
        codes = [
            ("lot", "" if lots_company else scope, lot["lot_code"]) for lot in reply.value["lots"] if lot["generated"]
        ]
        if (
            item.get("serial_managed")
            and template.get("direction") == "load"
            and template.get("offset_template") is None
        ):
            typed = set(movement["serials"]).union(*(lot["serials"] for lot in movement["lots"]))
            serials = [*reply.value["serials"], *(code for lot in reply.value["lots"] for code in lot["serials"])]
            code_type = types.get(key_of("serial", item.get("serial_code_type") or ""), {})
            where = "" if code_type.get("scope") == "company" else scope
            codes += [("serial", where, code) for code in serials if code not in typed]
        for code in codes:
            before = given.setdefault(code, [])
            if len(before) > freed[code[0], code[2]]:
                yield Violation(name, reply.place, f"{code[0]} {code[2]!r} was given out to {before[-1]} already")
            before.append(record.place)
    ordinals: dict[tuple[str, int], Given] = {}
    for each in given_codes(history, outcomes):
        other = ordinals.setdefault((each.counter, each.ordinal), each)
        if other is not each:
            yield Violation(
                name,
                each.record.place,
                f"ordinal {each.ordinal} of {each.counter} stands behind {each.code!r} and {other.code!r}",
            )
