"""A story through the product: the real loop and ledger over memory ports, with crashes if wanted."""

import random
from collections import defaultdict
from dataclasses import fields
from fractions import Fraction
from typing import Any

from processors.cli.wiring import ledger
from processors.contract.json_form import from_json
from processors.contract.manifest import MANIFEST, MASTER_RECORDS
from processors.domain.calendar import date_of, parse_time
from processors.domain.events import Reply
from processors.domain.movement import Movement, RegisterEdit
from processors.domain.progressives import parse_intervals
from processors.domain.registers import CounterRow
from processors.runtime.loop import Limits
from processors.runtime.memory_log import MemoryBroker
from tests.model.naive_codes import Form
from tests.model.naive_events import TOPICS
from tests.model.naive_values import Answer
from tests.model.stories import Line
from tests.runtime.world import CODEC, Crash, Worker, World

POINTS = (
    "after-consume", "after-decide", "after-produce", "after-flush", "after-confirm", "after-commit", "after-apply",
)  # fmt: skip
RECORDS: dict[str, type] = {record.__name__: record for record in (*MASTER_RECORDS, Movement, RegisterEdit)}
INPUTS = {"movements": "Movement", "register-edits": "RegisterEdit"}


class Outcome:
    """What a story came to: the answer to each line (None for master data), the registers, what was told.

    `events`: by topic and item. `letters`: the dead letters are the refusals, each under its first code.
    """

    def __init__(
        self,
        answers: list[Answer | None],
        registers: dict[str, dict[Any, Form]],
        events: dict[str, dict[Any, list[Form]]],
        letters: bool,
    ) -> None:
        self.answers, self.registers, self.events, self.letters = answers, registers, events, letters


class StoryWorld(World):
    def __init__(self, partitions: int) -> None:
        super().__init__(lambda: ledger(CODEC, 50_000))
        self.counts = {topic.name: topic.partitions(partitions) for topic in MANIFEST.values()}
        self.broker = MemoryBroker(self.counts)
        self.places: list[tuple[str, int, str]] = []
        """Topic, partition and request id of each line."""

    def send_line(self, line: Line) -> None:
        topic = line["topic"]
        value: object = from_json(RECORDS[line.get("record") or INPUTS[topic]], line["value"])
        request = line["value"].get("movement_id", line["value"].get("edit_id", ""))
        self.places.append((topic, self.send(value, topic, parse_time(line["time"])), request))


def run(story: list[Line], partitions: int, crashes: int | None = None, lose_redis: bool = True) -> Outcome:
    """Tell the story to the product. `crashes` is the seed of the crashes; without it there are none."""
    world, fate = StoryWorld(partitions), random.Random(crashes or 0)
    limits = Limits(batch_max=7)
    worker = world.worker(limits=limits).work()
    for number, line in enumerate(story):
        world.send_line(line)
        same = number + 1 < len(story) and story[number + 1]["topic"] == line["topic"]
        if same and (line["topic"] == "master-data" or fate.random() < 0.7):
            continue  # the order between topics is made by waiting; within one, batches are wanted
        if crashes is not None and line["topic"] != "master-data" and fate.random() < 0.3:
            world.crash_at = (fate.choice(POINTS), fate.randrange(1, 3))
        worker = _work(world, worker, limits, fate, lose_redis)
    answers = _answers(world)
    return Outcome(answers, registers(world), events(world), letters(world) == refusals(answers, world.places))


def _work(world: StoryWorld, worker: Worker, limits: Limits, fate: random.Random, lose_redis: bool) -> Worker:
    try:
        worker.work(10_000)
    except Crash:
        match fate.randrange(4):
            case 0:
                world.disks["ledger-0"].lost()
            case 1 if lose_redis:
                world.redis.flush()
            case 2 if lose_redis:
                world.redis.restart(world.redis.snapshot())
        worker = world.worker(limits=limits).work(10_000)
    world.crash_at = None
    return worker


def _answers(world: StoryWorld) -> list[Answer | None]:
    """Answers lie in the partition of their request, in its order."""
    waiting: dict[tuple[str, int], list[Reply]] = defaultdict(list)
    for record in world.broker.records("replies"):
        reply = CODEC.decode("replies", record.value)
        assert isinstance(reply, Reply)
        waiting[reply.request_topic, record.partition].append(reply)
    unfit = {
        int(value or b"")
        for letter in world.dead_letters("master-data")
        for name, value in letter.headers or []
        if name == "__streams.errors.offset"
    }
    answers: list[Answer | None] = []
    masters = 0
    for topic, partition, request in world.places:
        replies = waiting[topic, partition]
        if topic == "master-data":
            masters += 1
            answers.append(Answer("refused") if masters - 1 in unfit else None)
        elif replies and replies[0].request_id == request:
            answers.append(_answer(waiting[topic, partition].pop(0)))
        else:
            answers.append(Answer("no answer"))
    extra = [reply for replies in waiting.values() for reply in replies]
    return answers + [_answer(reply) for reply in extra]


def _answer(reply: Reply) -> Answer:
    codes = tuple(dict.fromkeys(reason.code for reason in reply.reasons))
    lots = tuple((lot.lot_code, amount(lot.quantity), lot.generated, lot.ordinal, lot.serials) for lot in reply.lots)
    stock_after = None if reply.stock_after is None else amount(reply.stock_after)
    return Answer(reply.status, codes, lots, reply.serials, stock_after, reply.movement_ids)


def amount(millionths: int) -> Fraction:
    return Fraction(millionths, 1_000_000)


LOT = (
    "code_type lot_type ordinal supplier supplier_lot customer_lot start_date expiry_date warn_from block_from "
    "initial_quantity packages notes label_type status evaluation available closed loaded unloaded committed generation"
).split()
SERIAL = (
    "lot_type lot_code_type serial_code_type ordinal state warehouse location start_date expiry_date customer_code "
    "supplier_code supplier cancelled force_closed reserved reserved_for first_document_type first_document_number "
    "first_document_date generation"
).split()


def registers(world: StoryWorld) -> dict[str, dict[Any, Form]]:
    """The final rows as plain dictionaries, decimals as fractions, days as dates."""
    found: dict[str, dict[Any, Form]] = {}
    place = ("item_class", "item_code", "variant")
    for topic, key, names in (
        ("stock-register", (*place, "warehouse", "location", "lot_code"), ["loaded", "unloaded", "committed"]),
        ("lot-register", (*place, "lot_code"), LOT),
        ("serial-register", (*place, "lot_code", "serial_code"), SERIAL),
        (
            "reservation-register",
            (*place, "warehouse", "location", "lot_code", "serial_code", "document_type", "document_number"),
            ["committed", "consumed"],
        ),
    ):
        latest = {record.key: record.value for record in world.broker.records(topic)}
        rows = [CODEC.decode(topic, value) for value in latest.values() if value is not None]
        found[topic] = {
            tuple(getattr(row, name) for name in key): {name: _plain(name, getattr(row, name)) for name in names}
            for row in rows
        }
    found["counter-register"] = _counters(world)
    return found


def events(world: StoryWorld) -> dict[str, dict[Any, list[Form]]]:
    """By topic and item, all records in their order; `line` is the number of the record whose entry id it repeats."""
    found: dict[str, dict[Any, list[Form]]] = {}
    for topic in TOPICS:
        by_item: dict[Any, list[Form]] = defaultdict(list)
        first: dict[str, int] = {}
        for record in world.broker.records(topic):
            value = CODEC.decode(topic, record.value)
            form = {field.name: _plain(field.name, getattr(value, field.name)) for field in fields(value)}  # type: ignore[arg-type]
            if topic == "alerts":
                form = {name: form[name] for name in ("kind", "item_class", "item_code", "at")}
            told = by_item[form["item_class"], form["item_code"]]
            entry = form.pop("entry_id", None)
            if topic == "register-history":
                form["line"] = first.setdefault(entry, len(told))
            elif entry is not None:
                assert first.setdefault(entry, len(told)) == len(told), f"{topic} has {entry} twice"
            told.append(form)
        found[topic] = dict(by_item)
    return found


def letters(world: StoryWorld) -> dict[tuple[str, int], list[str]]:
    """By input and partition, why each dead letter lies there."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for topic in INPUTS:
        for letter in world.dead_letters(topic):
            headers = {name: value or b"" for name, value in letter.headers or []}
            place = int(headers["__streams.errors.partition"])
            found[topic, place].append(headers["error-code"].decode())
    return dict(found)


def refusals(answers: list[Answer | None], places: list[tuple[str, int, str]]) -> dict[tuple[str, int], list[str]]:
    """The dead letters that the answers ask for."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for answer, (topic, partition, _) in zip(answers, places, strict=False):
        if answer is not None and answer.status == "refused" and topic in INPUTS:
            found[topic, partition].append(answer.codes[0])
    return dict(found)


def _counters(world: StoryWorld) -> dict[Any, Any]:
    """By kind, code type and item, the progressives of all roots in any order; the rows of all partitions."""
    latest = {record.key: record.value for record in world.broker.records("counter-register")}
    counters: dict[Any, list[Form]] = defaultdict(list)
    for value in latest.values():
        row = CODEC.decode("counter-register", value)
        assert isinstance(row, CounterRow)
        free = {ordinal for first, last in parse_intervals(row.free) for ordinal in range(first, last + 1)}
        counters[row.kind, row.code_type, row.item_class or "", row.item_code or "", row.variant or ""].append(
            {"next": row.next_ordinal, "free": free, "assigned": row.assigned, "skipped": row.skipped,
             "last": row.last_code}
        )  # fmt: skip
    return {key: sorted(rows, key=repr) for key, rows in counters.items()}


def _plain(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in (
        "loaded",
        "unloaded",
        "committed",
        "consumed",
        "initial_quantity",
        "quantity",
        "stock_after",
        "unit_cost",
    ):
        return amount(value)
    return date_of(value) if name.endswith(("_date", "_from")) else value
