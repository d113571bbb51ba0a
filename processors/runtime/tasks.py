"""The tasks of a worker: taken over with their stores at the end of their registers, and given up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from processors.contract.codec import Codec
from processors.counters.port import Counters
from processors.domain.progressives import Claim
from processors.domain.registers import StateRow
from processors.runtime.crash_points import CrashPoint
from processors.runtime.log import Log
from processors.runtime.master import MasterReader
from processors.runtime.overlay import TaskView
from processors.runtime.processor import Processor, barrier_key
from processors.runtime.restore import restore
from processors.runtime.store import Store, Stores


@dataclass(slots=True)
class Task:
    """One partition: its store, and the view through which batches read and change it."""

    store: Store
    view: TaskView
    barriers: dict[str, StateRow] = field(default_factory=dict)
    """Continuations that wait, by id: the rows `barrier|…` of the private register."""


class Tasks:
    """The partitions that a worker owns, with what they stand on. `wall_ms`: for the age of a store only."""

    def __init__(
        self,
        processor: Processor,
        log: Log,
        stores: Stores,
        counters: Counters,
        codec: Codec,
        master: MasterReader,
        crash: CrashPoint,
        wall_ms: Callable[[], int],
    ) -> None:
        self._processor, self._log, self._stores, self._counters = processor, log, stores, counters
        self._codec, self._master, self._crash, self._wall_ms = codec, master, crash, wall_ms
        self._topics = [register.topic for register in processor.registers]
        self.owned: dict[int, Task] = {}
        """Partition → task."""

    def give_up_all_but(self, partitions: Sequence[int]) -> None:
        """Close the stores of tasks that are another worker's now."""
        for partition in self.owned.keys() - set(partitions):
            self.owned.pop(partition).store.close()

    def take_over(self, partitions: Sequence[int], still_ours: Callable[[], None]) -> int:
        """Bring each task to a fresh end of its registers, those kept too; records applied.

        `still_ours` is called while it lasts; what it raises ends it, and it has to be begun again.
        """
        self._counters.own(partitions)
        for partition in partitions:
            task = self.owned.get(partition)
            store = task.store if task is not None else self._stores.open(partition)
            state = self._processor.state.topic
            view = TaskView(
                store, self._codec.decode, self._processor.indexes, uncached=(state,), trails=self._processor.trails
            )
            self.owned[partition] = Task(store, view)
        applied = restore(
            self._log,
            {partition: self.owned[partition].store for partition in partitions},
            self._topics,
            self._processor.indexes,
            self._processor.trails,
            self._codec.decode,
            self._wall_ms(),
            still_ours,
            self._crash,
        )
        self._master.catch_up()
        self._counters.take_over(partitions, self._is_committed)
        for partition in partitions:
            task = self.owned[partition]
            rows = task.view.prefix(self._processor.state, barrier_key(""))
            task.barriers = {row.id: row for _, row in rows}
        return applied

    def stamp(self) -> None:
        """Note in every store that it is caught up now, with the identity of its topics."""
        ids = self._log.topic_ids(self._topics)
        for task in self.owned.values():
            task.store.caught_up(ids, self._wall_ms())

    def close(self) -> None:
        for task in self.owned.values():
            task.store.close()

    def _is_committed(self, claim: Claim) -> bool:
        return self.owned[claim.partition].store.get(claim.register, claim.key) is not None
