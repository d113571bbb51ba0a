"""Topic `counter-epochs` and time without a broker and a clock, for `simulate` and for tests."""

from collections.abc import Sequence

from processors.counters.port import EpochRecord, EpochState


class MemoryEpochLog:
    """`EpochLog` over a list; one for all workers."""

    def __init__(self) -> None:
        self.records: list[EpochRecord] = []

    def append(self, records: Sequence[EpochRecord]) -> Sequence[int]:
        self.records.extend(records)
        return range(len(self.records) - len(records), len(self.records))

    def newest(self) -> EpochState:
        state = EpochState()
        for offset, record in enumerate(self.records):
            state.add(offset, record)
        return state


class SteppedClock:
    """`Clock` on which time passes only by waiting. `start_ms`: wall clock at the start, ms UTC."""

    def __init__(self, start_ms: int = 0) -> None:
        self._start_ms, self._now = start_ms, 0.0

    def monotonic(self) -> float:
        return self._now

    def wall_ms(self) -> int:
        return self._start_ms + int(self._now * 1000)

    def wait(self, seconds: float) -> None:
        self._now += seconds
