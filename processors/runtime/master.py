"""Master data as every process sees it: `master-register` read whole, then followed."""

from processors.contract.codec import Codec, Undecodable
from processors.domain.master import MasterData, MasterRecord
from processors.runtime.log import Log

TOPIC = "master-register"


class MasterReader:
    """Follows `master-register`; `data` is replaced row by row, in the order of the topic."""

    def __init__(self, log: Log, codec: Codec) -> None:
        self._codec = codec
        self._log = log
        self._reader = log.reader({(TOPIC, 0): log.starts([(TOPIC, 0)])[TOPIC, 0]})
        self.data = MasterData()

    def poll(self) -> bool:
        """Take over what has arrived, without waiting; True where something changed."""
        return self._take(0)

    def _take(self, wait_s: float) -> bool:
        records = self._reader.read(10_000, wait_s)
        for record in records:
            if record.value is not None:
                self.data.put(_master(self._codec.decode(TOPIC, record.value)))
        return bool(records)

    def position(self) -> int:
        return self._reader.position(TOPIC, 0)

    def end(self) -> int:
        """The last stable offset, asked now."""
        return self._log.ends([(TOPIC, 0)], committed=True)[TOPIC, 0]

    def catch_up(self, end: int | None = None) -> bool:
        """Read to `end` (default: the last stable offset as of now); True where something changed."""
        target = self.end() if end is None else end
        changed = False
        while self.position() < target:
            changed |= self._take(0.1)
        return changed

    def catch_up_with_judge(self) -> None:
        """Read what the judge itself has committed too: each record is judged against those accepted before it.

        The end counts transactions whose marker is still on its way: a commit that was answered is among them.
        """
        self.catch_up(self._log.ends([(TOPIC, 0)], committed=False)[TOPIC, 0])

    def close(self) -> None:
        self._reader.close()


def _master(value: object) -> MasterRecord:
    if not isinstance(value, MasterRecord):
        raise Undecodable(f"expected a master record in {TOPIC}, got {type(value).__name__}")
    return value
