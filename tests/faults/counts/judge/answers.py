"""Every read has its one feedback, every command its one reply, and nothing between the workers is put aside."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.checker.history import Place, Record, Violation
from tests.faults.checker.outcomes import source_of
from tests.faults.counts.judge.facts import Case, values_of


def every_read_has_its_answer(case: Case) -> Iterator[Violation]:
    """Each scan has one feedback, the one that must come of it; a second arrival the first one's, byte by byte."""
    name = "every-read-has-its-answer"
    told: dict[Place, list[Record]] = defaultdict(list)
    for record, _ in values_of(case.history, "scan-feedback"):
        source = source_of(record)
        if source is None:
            yield Violation(name, record.place, "names no scan that it answers")
            continue
        told[source[:3]].append(record)
    letters: Counter[Place] = Counter()
    for record in case.history.of("scans.dead-letters"):
        source = source_of(record)
        letters[source[:3] if source is not None else record.place] += 1
    first: dict[str, bytes | None] = {}
    for record, value in values_of(case.history, "scans"):
        found, (id, status, code, again_of) = told.pop(record.place, []), case.facts.reads[record.place]
        if len(found) != 1 or found[0].value is None:
            yield Violation(name, record.place, f"scan {id!r} has {len(found)} answers")
            continue
        answer = found[0].value
        if answer["scan_id"] != value["scan_id"] or (again_of is None and answer["code"] != code):
            yield Violation(name, record.place, f"scan {id!r} is answered {answer['scan_id']!r}: {answer['code']}")
        elif answer["status"] != status:
            what = f"{answer['status']} {answer['code']}: {answer['message']}"
            yield Violation(name, record.place, f"scan {id!r} must be {status} {code}, and is {what}")
        if letters[record.place] != (status == "refused" and again_of is None):
            yield Violation(name, record.place, f"scan {id!r}, {status}, has {letters[record.place]} dead letters")
        if again_of is None:
            first[id] = found[0].raw
        elif first.get(again_of) != found[0].raw:
            yield Violation(name, record.place, f"scan {id!r} came again and got another answer")
    for place, records in told.items():
        yield Violation(name, records[0].place, f"answers {place}, where no scan is")


def every_command_has_its_reply(case: Case) -> Iterator[Violation]:
    """Each command has one reply, with the status that it must have."""
    name = "every-command-has-its-reply"
    told: dict[Place, list[Record]] = defaultdict(list)
    for record, value in values_of(case.history, "replies"):
        source = source_of(record)
        if value["request_topic"] == "counts" and source is not None:
            told[source[:3]].append(record)
    for record, value in values_of(case.history, "counts"):
        id, status = case.facts.commands[record.place]
        found = [
            (reply.value["request_id"], reply.value["status"]) for reply in told.pop(record.place, []) if reply.value
        ]
        if found != [(id, status)]:
            yield Violation(name, record.place, f"{value['action']} {id!r} must be {status}, is answered {found}")
    for place, records in told.items():
        yield Violation(name, records[0].place, f"answers {place}, where no command is")


def nothing_internal_is_refused(case: Case) -> Iterator[Violation]:
    """What the two kinds of workers tell each other is never put aside."""
    for topic in ("count-lines.dead-letters", "count-results.dead-letters"):
        for record in case.history.of(topic):
            code = record.headers.get("error-code", b"").decode()
            yield Violation("nothing-internal-is-refused", record.place, f"{code}: {record.headers}")


def counting_lags_behind_nothing(case: Case) -> Iterator[Violation]:
    """Both groups have committed past the last record of what they read."""
    for topic in ("counts", "scans", "count-results", "count-lines"):
        for record in case.history.of(topic):
            committed = (case.history.committed or {}).get((topic, record.partition), -1)
            if committed <= record.offset:
                yield Violation("counting-lags-behind-nothing", record.place, f"committed is {committed}")
                break
