"""A projection as a process of its own, for tests that kill it: `python -m tests.edge.projection.process URL BROKERS`.

It dies at the point that `LOTSTREAM_CRASH_AT` names, and ends by itself when it has been told to by its input's end.
"""

import sys

from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.contract.schema_ids import LockedIds
from processors.edge.projection.supervision import Projection
from processors.edge.store.engine import Store
from processors.runtime.crash_points import from_environment


def main() -> None:
    url, brokers = sys.argv[1:]
    with Store(url) as store:
        store.migrate()
        projection = Projection(store, Connection(brokers), lambda: Codec(LockedIds()), crash=from_environment())
        projection.start()
        sys.stdin.read()
        projection.stop()


if __name__ == "__main__":
    main()
