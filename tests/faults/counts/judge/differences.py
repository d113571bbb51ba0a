"""Each planted difference is found exactly, no false one is made, and every adjustment can be explained."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.checker.history import Record, Violation
from tests.faults.counts.judge.facts import Case, Posted, Thing, row_of, values_of


def differences_are_what_was_planted(case: Case) -> Iterator[Violation]:
    """What was adjusted of a thing, corrections with it, is what was planted there: all of it, and nothing else.

    One adjustment for each planted difference, none elsewhere; only where papers came after the closing there may be
    more, which cancel each other.
    """
    name = "differences-are-what-was-planted"
    sums: Counter[Thing] = Counter()
    made: Counter[Thing] = Counter()
    last: dict[Thing, Record] = {}
    for record, value in case.adjustments:
        thing = (row_of(value), value["serial_code"])
        sums[thing] += value["difference"]
        made[thing] += 1
        last[thing] = record
        if value["kind"] == "late_report":
            yield Violation(name, record.place, "a report in place of a correction")
        elif value["kind"] == "correction" and thing[0] not in case.late:
            yield Violation(name, record.place, f"a correction of {thing}, whose papers were all there")
    for thing in sums.keys() | case.planted.keys():
        planted = case.planted.get(thing, 0)
        if sums[thing] != planted:
            place = last[thing].place if thing in last else ("adjustments", -1, -1)
            yield Violation(name, place, f"{thing}: {planted} was planted, {sums[thing]} adjusted")
        elif made[thing] != (planted != 0) and thing[0] not in case.late:
            yield Violation(name, last[thing].place, f"{thing}: {made[thing]} adjustments of {planted} planted")


def books_are_the_papers_of_that_moment(case: Case) -> Iterator[Violation]:
    """The book of an adjustment is the sum of what was posted before it and happened up to the count's moment."""
    name = "books-are-the-papers-of-that-moment"
    places = {posted.record.value["adjustment_id"]: posted for posted in case.postings if posted.rank}  # type: ignore[index]
    for record, value in case.adjustments:
        posted = places.get(value["adjustment_id"])
        if posted is None or value["kind"] != "difference":
            continue
        if value["serial_code"] is None:
            book = sum(
                other.quantity
                for other in case.by_row[posted.row]
                if other.record.offset < posted.record.offset and (other.moment, other.rank) <= (posted.moment, 0)
            )
            if value["book"] != book:
                yield Violation(name, record.place, f"the book says {value['book']}, its postings {book}")
        if value["counted"] - value["book"] != value["difference"]:
            yield Violation(name, record.place, f"{value['counted']} - {value['book']} is not {value['difference']}")


def corrections_undo_their_movement(case: Case) -> Iterator[Violation]:
    """Each correction names one movement of its row that happened before its count, and is its opposite, once.

    At a line that took out what nobody read, it may be less: what was out anyway is not taken out twice.
    """
    name = "corrections-undo-their-movement"
    moved: dict[tuple[str, str], list[Posted]] = defaultdict(list)
    for posted in case.postings:
        value = posted.record.value
        if posted.rank == 0 and value is not None:
            moved[value["movement_id"], posted.row].append(posted)
    undone: Counter[tuple[str, str]] = Counter()
    for record, value in case.adjustments:
        if value["kind"] != "correction":
            continue
        place = (value["movement_id"] or "", row_of(value))
        undone[place] += value["difference"]
        legs = moved.get(place, [])
        if not legs:
            yield Violation(name, record.place, f"movement {place[0]!r} has not moved {place[1]}")
        elif any(leg.moment > value["counted_at"] for leg in legs):
            yield Violation(name, record.place, f"movement {place[0]!r} happened after the count")
        elif value["line"].startswith("z-"):
            continue
        elif abs(undone[place]) > abs(sum(leg.quantity for leg in legs)):
            yield Violation(name, record.place, f"movement {place[0]!r} is corrected more than once")


def adjustments_are_their_postings(case: Case) -> Iterator[Violation]:
    """Every adjustment and correction is posted once, to its row, in its amount; no posting names another."""
    name = "adjustments-are-their-postings"
    posted: dict[str, list[Record]] = defaultdict(list)
    for record, value in values_of(case.history, "postings"):
        if value["adjustment_id"] is not None:
            posted[value["adjustment_id"]].append(record)
    seen: set[str] = set()
    for record, value in case.adjustments:
        id = value["adjustment_id"]
        if id in seen:
            yield Violation(name, record.place, f"adjustment {id!r} is there twice")
        seen.add(id)
        found = [(row_of(p.value), p.value["quantity"]) for p in posted.get(id, []) if p.value is not None]
        if found != [(row_of(value), value["difference"])]:
            yield Violation(name, record.place, f"adjustment {id!r} of {value['difference']} is posted as {found}")
    for id in posted.keys() - seen:
        yield Violation(name, posted[id][0].place, f"posts an adjustment that is not there: {id!r}")
