"""Whether a difference may pass without anybody looking at it (`domain.md` §10)."""

from processors.domain.counts.adjusting import value_of
from processors.domain.counts.list_facts import ListFacts
from processors.domain.quantity import ONE


def beyond(facts: ListFacts, difference: int, book: int, unit_cost: int | None) -> bool:
    """True where a difference (millionths) exceeds any tolerance that the list type sets.

    In percent of the book: of a book of 0 any difference is too much. In value: only where the item has a cost.
    """
    size = abs(difference)
    if size == 0:
        return False
    if facts.tolerance_quantity is not None and size > facts.tolerance_quantity:
        return True
    if facts.tolerance_percent is not None and size * 100 * ONE > facts.tolerance_percent * abs(book):
        return True
    value = value_of(size, unit_cost)
    return facts.tolerance_value is not None and value is not None and abs(value) > facts.tolerance_value
