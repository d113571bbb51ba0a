"""Lines, lists and settlements: each thing that was read is one line with one result, settled once."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.checker.history import Record, Value, Violation
from tests.faults.counts.judge.facts import Case, row_of, values_of


def lines_are_what_was_read(case: Case) -> Iterator[Violation]:
    """Each thing that was read is one line, as it was read last; every line has one result; all lists are closed."""
    name = "lines-are-what-was-read"
    results: dict[tuple[str, str], list[tuple[Record, Value]]] = defaultdict(list)
    for record, value in values_of(case.history, "count-results"):
        for line in value["lines"]:
            results[value["list"], line["line"]].append((record, line))
    for thing, (list_, counted) in case.lines_read.items():
        if thing not in case.lines:
            yield Violation(name, ("count-line-register", -1, -1), f"{thing} was read, and has no line")
            continue
        record, row = case.lines[thing]
        if (row["list"], row["counted"]) != (list_, counted):
            what = f"{row['list']}: {row['counted']}"
            yield Violation(name, record.place, f"{thing} was read as {list_}: {counted}, the line says {what}")
    for thing, (record, row) in case.lines.items():
        found = results.get((row["list"], row["line"]), [])
        if thing not in case.lines_read and not row["line"].startswith(("m-", "z-")):
            yield Violation(name, record.place, f"{thing} has a line, and nobody read it")
        if len(found) != 1 or row["state"] != "settled":
            yield Violation(name, record.place, f"{thing} is {row['state']} {row['reason']}, with {len(found)} results")
            continue
        line = found[0][1]
        if (line["revision"], line["difference"], line["book"]) != (row["revision"], row["difference"], row["book"]):
            yield Violation(name, record.place, f"{thing}: its result is another than the row says")
        if row["moved_during_count"] != _moved_meanwhile(case, row) and thing[0] not in case.late and not thing[1]:
            yield Violation(name, record.place, f"{thing}: moved_during_count is {row['moved_during_count']}")
    for record, row in case.history.newest("count-list-register"):
        lines = [line for _, line in case.lines.values() if line["list"] == row["list"]]
        differing = [line["difference"] or 0 for line in lines]
        wanted = ("closed", len(lines), 0, sum(d > 0 for d in differing), sum(d < 0 for d in differing))
        is_ = (row["state"], row["lines"], row["pending"], row["positive"], row["negative"])
        if is_ != wanted:
            yield Violation(name, record.place, f"list {row['list']} is {is_}, its lines say {wanted}")


def _moved_meanwhile(case: Case, row: Value) -> bool:
    if row["line"].startswith(("m-", "z-")):
        return False
    moved: Counter[tuple[int, int]] = Counter()
    for posted in case.by_row[row_of(row)]:
        if posted.rank == 0 and row["counted_from"] < posted.moment <= row["counted_at"]:
            moved[posted.moment, abs(posted.quantity)] += posted.quantity
    return any(moved.values())


def settled_once_by_each_partition(case: Case) -> Iterator[Violation]:
    """Each settlement is asked of every partition once, and answered by each once, all parts of the answer in order."""
    name = "settled-once-by-each-partition"
    asked: Counter[tuple[str, int, int]] = Counter()
    for record, value in values_of(case.history, "count-lines"):
        if value["kind"] == "settle":
            asked[value["list"], value["settlement"], value["partition"]] += 1
            if value["partition"] != record.partition:
                yield Violation(name, record.place, f"is for partition {value['partition']}")
    parts: dict[tuple[str, int, int], list[Value]] = defaultdict(list)
    for record, value in values_of(case.history, "count-results"):
        place = (value["list"], value["settlement"], value["partition"])
        parts[place].append(value)
        if asked[place] != 1:
            yield Violation(name, record.place, f"answers {place}, which was asked {asked[place]} times")
    for place in asked:
        told = parts[place]
        numbers = [value["part"] for value in told]
        ends = [value["kind"] for value in told].count("settled")
        if asked[place] != 1 or ends != 1 or numbers != list(range(len(told))) or told[-1]["kind"] != "settled":
            what = f"{place} was asked {asked[place]} times, {ends} times answered, in the parts {numbers}"
            yield Violation(name, ("count-results", place[2], -1), what)
    for list_ in {place[0] for place in asked}:
        if len({place for place in asked if place[0] == list_}) != case.history.partitions:
            yield Violation(name, ("count-lines", -1, -1), f"list {list_} was not settled by every partition")
