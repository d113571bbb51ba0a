"""The projection as a thread of the edge: what goes wrong is shown, and it begins again.

`following`: it runs, and leads the edges of this database. `standing by`: another one does; this one takes its place
when nothing is heard of it for a few seconds. `stopped`: an error ended the run; it begins again after a while, 1 s at
first, a minute at most.
"""

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Final, Literal

from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.edge.measures import UNMEASURED, Measures
from processors.edge.projection.projector import BeginAgain, CrashPoint, Projector, RebuildNeeded
from processors.edge.store import leading
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import Positions, positions
from processors.edge.store.writing import FormerOwner, Writer

logger = logging.getLogger(__name__)

BACK_OFF_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
SOUND_AFTER_S: Final = 60.0
"""A run that went on for so long was sound: what stops it then is a new trouble, tried again soon."""
REBUILT_LOOK_S: Final = 5.0
"""How often to look whether the store was rebuilt, where nothing else helps."""
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

    `on_rows` is called in the thread after a batch with records was committed, here or by whoever leads, to push what
    is new to pages.
    """

    def __init__(
        self,
        store: Store,
        connection: Connection,
        codec: Callable[[], Codec],
        on_rows: Callable[[], None] = lambda: None,
        crash: CrashPoint = lambda point: None,
        measures: Measures = UNMEASURED,
    ) -> None:
        self._store, self._connection, self._codec = store, connection, codec
        self._on_rows, self._crash, self._measures = on_rows, crash, measures
        self.name: Final = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._ending = Event()
        self._acting: Final = Lock()
        self._thread = Thread(target=self._supervise, name="projection", daemon=True)
        self._status = Status("starting")
        self._told: str | None = None

    @property
    def status(self) -> Status:
        return self._status

    @property
    def leads(self) -> bool:
        """Whether this process projects, and has seen since how far the topics are."""
        return self._status.state == "following"

    def start(self) -> None:
        self._thread.start()

    def stop(self, limit_s: float = 30.0) -> None:
        """End the run behind its batch."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join(limit_s)

    def alone(self, do: Callable[[], object]) -> None:
        """Do what one edge of a database is to do, if it is this one: another takes over behind it, not beside it."""
        with self._acting:
            if self.leads:
                do()

    def _supervise(self) -> None:
        tries = restarts = 0
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                self._run(restarts)
            except FormerOwner:
                logger.info("another edge projects into the same store; standing by")
                self._status = Status("standing by", restarts=restarts)
                self._stand_by()
            except BeginAgain as reason:
                logger.info("the projection begins again: %s", reason)
                self._status = Status("starting", restarts=restarts)
            except Exception as error:
                tries = 0 if time.monotonic() - began > SOUND_AFTER_S else tries
                restarts += 1
                self._stopped(error, restarts)
                pause_s = BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)]
                self._ending.wait(min(pause_s, REBUILT_LOOK_S) if isinstance(error, RebuildNeeded) else pause_s)
                tries += 1

    def _run(self, restarts: int) -> None:
        projector = Projector(self._store, self._connection, self._codec(), self._crash, self.name)
        try:
            projector.begin()
            while not self._ending.is_set():
                records = projector.turn()
                if self._status.state != "following":
                    self._status = Status("following", restarts=restarts)
                if records:
                    self._measures.projected(records)
                    self._on_rows()
        finally:
            self._status = Status("starting", restarts=restarts)
            with self._acting:
                projector.close()

    def _stopped(self, error: Exception, restarts: int) -> None:
        self._measures.failed()
        told = str(error) if isinstance(error, RebuildNeeded) else f"{type(error).__name__}: {error}"
        again = told == self._told
        self._told = told
        logger.error("the projection stopped, and begins again soon: %s", told, exc_info=None if again else error)
        self._status = Status("stopped", told, restarts)
        writer = Writer(self._store, self.name)
        try:
            writer.look({}, "stopped", told)
            writer.resign()
        except FormerOwner:
            logger.info("another edge projects; it is not told why this one does not")
        except Exception:
            logger.warning("the store cannot be told why the projection stopped", exc_info=True)
        finally:
            writer.close()

    def _stand_by(self) -> None:
        """Return when this process may lead, or at the end; meanwhile pages are told what the leader brings."""
        seen, _ = self._look_at_leader({})
        while not self._ending.wait(STANDBY_LOOK_S):
            now, may_lead = self._look_at_leader(seen)
            if now != seen:
                seen = now
                self._on_rows()
            if may_lead:
                return

    def _look_at_leader(self, before: Positions | None) -> tuple[Positions | None, bool]:
        """How far the leader has come, None where the store does not answer; and whether this process may lead.

        `before`: what the look before gave: that the store is away is told once.
        """
        try:
            with self._store.read() as connection:
                return positions(connection), leading.may_lead(connection, self.name)
        except Exception as error:
            log = logger.debug if before is None else logger.warning
            log("standing by, and the store does not answer: %s", error)
            return None, False
