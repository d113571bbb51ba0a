"""The topics of a run to what is judged."""

from tests.faults.checker.history import History
from tests.faults.checker.reading import read_history
from tests.faults.counts.site import Site

EVENTS = (
    "counts",
    "scans",
    "scan-feedback",
    "count-lines",
    "count-results",
    "adjustments",
    "counts.dead-letters",
    "scans.dead-letters",
    "count-lines.dead-letters",
    "count-results.dead-letters",
)
REGISTERS = (
    "inventory-register",
    "count-list-register",
    "count-line-register",
    "count-positions",
    "counting-state",
)


def read_counts(site: Site) -> History:
    """Everything that is left: topics, offsets, and the stores of all workers, which have ended."""
    history = read_history(site.servers, site.partitions, EVENTS, REGISTERS)
    history.expected = site.ledger.expected
    history.committed = {**site.ledger.committed(), **site.counting.committed()}
    history.store = {**site.ledger.stores(), **site.counting.stores()}
    return history
