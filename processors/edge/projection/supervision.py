"""The projection as a thread of the edge: what goes wrong is shown, and it begins again.

`following`: it runs. `standing by`: another edge projects into the same database; it takes over when that one's offsets
stand still. `stopped`: an error ended the run; it begins again after a while, 1 s at first, a minute at most.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final, Literal

from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.edge.projection.projector import CrashPoint, Projector, projecting
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import Positions, positions
from processors.edge.store.writing import FormerOwner, Writer

logger = logging.getLogger(__name__)

BACK_OFF_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
SOUND_AFTER_S: Final = 60.0
"""A run that went on for so long was sound: what stops it then is a new trouble, tried again soon."""
STANDBY_S: Final = 10.0
"""How long another's offsets stand still before this projection tries to go on from them."""
STANDBY_LOOK_S: Final = 1.0

State = Literal["starting", "following", "standing by", "stopped"]


@dataclass(frozen=True, slots=True)
class Status:
    """What the projection does; `error`: why it is stopped; `restarts`: runs that an error ended."""

    state: State
    error: str | None = None
    restarts: int = 0


class Projection:
    """The thread. `start` it once; `stop` returns when it has ended.

    `on_rows` is called in the thread after a batch with records was committed, to push what is new to pages.
    """

    def __init__(
        self,
        store: Store,
        connection: Connection,
        codec: Callable[[], Codec],
        on_rows: Callable[[], None] = lambda: None,
        crash: CrashPoint = lambda point: None,
    ) -> None:
        self._store, self._connection, self._codec = store, connection, codec
        self._on_rows, self._crash = on_rows, crash
        self._ending = Event()
        self._thread = Thread(target=self._supervise, name="projection", daemon=True)
        self._status = Status("starting")

    @property
    def status(self) -> Status:
        return self._status

    def start(self) -> None:
        self._thread.start()

    def stop(self, limit_s: float = 30.0) -> None:
        """End the run behind its batch."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join(limit_s)

    def _supervise(self) -> None:
        tries = restarts = 0
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                self._run()
            except FormerOwner:
                logger.info("another projection writes to the same store; standing by")
                self._status = Status("standing by", restarts=restarts)
                self._stand_by()
            except Exception as error:
                tries = 0 if time.monotonic() - began > SOUND_AFTER_S else tries
                restarts += 1
                self._stopped(error, restarts)
                self._ending.wait(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries += 1

    def _run(self) -> None:
        projector = Projector(self._store, self._connection, self._codec(), self._crash)
        with projecting(projector):
            self._status = Status("following", restarts=self._status.restarts)
            while not self._ending.is_set():
                if projector.turn():
                    self._on_rows()

    def _stopped(self, error: Exception, restarts: int) -> None:
        logger.exception("the projection stopped, and begins again soon", exc_info=error)
        told = f"{type(error).__name__}: {error}"
        self._status = Status("stopped", told, restarts)
        writer = Writer(self._store)
        try:
            writer.look({}, "stopped", told)
        except Exception:
            logger.warning("the store cannot be told why the projection stopped", exc_info=True)
        finally:
            writer.close()

    def _stand_by(self) -> None:
        """Return when the offsets have stood still for a while, or at the end."""
        seen, since = self._positions(), time.monotonic()
        while not self._ending.wait(STANDBY_LOOK_S):
            now = self._positions()
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > STANDBY_S:
                return

    def _positions(self) -> Positions | None:
        try:
            with self._store.read() as connection:
                return positions(connection)
        except Exception:
            return None
