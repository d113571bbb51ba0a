"""One connection to Redis: whole round trips, no silent reconnect, errors by the reaction they need.

The client's own pools reconnect and send again by themselves. Here that would be wrong: a command has to go to the very
server process whose `run_id` it carries.
"""

import re
from collections.abc import Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from processors.counters.port import CountersMisconfigured, CountersUnavailable, StateLost

VERSION_MIN = (6, 2)

_LATER = re.compile(r"\b(OOM|LOADING|READONLY|BUSY|MASTERDOWN|NOREPLICAS|MISCONF|TRYAGAIN|CLUSTERDOWN|UNKILLABLE)\b")
_NEVER = re.compile(r"\b(NOAUTH|WRONGPASS|NOPERM|MOVED|ASK|CROSSSLOT)\b|unknown command", re.IGNORECASE)
_LATER_CLASSES = (
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.MasterDownError,
    redis.exceptions.TryAgainError,
    redis.exceptions.ClusterDownError,
)

Command = Sequence[str | int]


class RedisConnection:
    """`url` as `redis://[user:password@]host:port/db`, `rediss://`, `unix://`; timeouts in seconds."""

    def __init__(self, url: str, connect_timeout_s: float = 1.0, timeout_s: float = 5.0) -> None:
        pool = redis.ConnectionPool.from_url(
            url,
            socket_connect_timeout=connect_timeout_s,
            socket_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
            decode_responses=True,
            protocol=2,
        )
        self._connection: Any = pool.make_connection()
        self._run_id: str | None = None

    def run_id(self) -> str:
        """The server process that the next `send` goes to; connects where there is no connection.

        At every new connection the server is judged: `CountersMisconfigured`, `CountersUnavailable`.
        """
        if self._run_id is None:
            self._run_id = self._judge()
        return self._run_id

    def check(self) -> None:
        """Judge the server as it is configured now."""
        self._run_id = self._judge()

    def send(self, commands: Sequence[Command]) -> list[Any]:
        """One round trip, after `run_id`. An error reply stands in the list as an exception; see `checked`."""
        if self._run_id is None:
            raise CountersUnavailable("the connection was lost")
        return self._round_trip(commands)

    def close(self) -> None:
        """Drop the connection; the next call makes a new one."""
        self._run_id = None
        self._connection.disconnect()

    def _judge(self) -> str:
        try:
            self._connection.disconnect()
            self._connection.connect()
        except redis.exceptions.AuthenticationError as error:
            raise CountersMisconfigured(f"Redis refuses our user or password: {error}") from error
        except (redis.exceptions.RedisError, OSError) as error:
            self.close()
            raise CountersUnavailable(f"no connection to Redis: {error}") from error
        reply = self._round_trip([("INFO", "default")])[0]
        facts: dict[str, str] = dict(line.split(":", 1) for line in checked(reply).splitlines() if ":" in line)
        complaint = _complaint(facts)
        if complaint:
            self.close()
            raise CountersMisconfigured(complaint)
        return facts["run_id"]

    def _round_trip(self, commands: Sequence[Command]) -> list[Any]:
        replies: list[Any] = []
        try:
            self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
            for _ in commands:
                try:
                    replies.append(self._connection.read_response())
                except redis.exceptions.ResponseError as error:
                    replies.append(error)
        except (redis.exceptions.RedisError, OSError) as error:
            # Replies that are still under way must never be read as the answers to something else.
            self.close()
            raise CountersUnavailable(f"Redis did not answer: {error}") from error
        return replies


def checked(reply: Any) -> Any:
    """The reply, or the error in it by the reaction that it needs. Unknown errors pass as they are."""
    if not isinstance(reply, redis.exceptions.ResponseError):
        return reply
    text = str(reply)
    if isinstance(reply, _LATER_CLASSES) or _LATER.search(text):
        raise CountersUnavailable(f"Redis cannot serve now: {text}") from reply
    if isinstance(reply, redis.exceptions.NoPermissionError) or _NEVER.search(text):
        raise CountersMisconfigured(f"Redis refuses a command that counters need: {text}") from reply
    if "WRONGTYPE" in text:
        raise StateLost(f"a key of the counters holds something else: {text}") from reply
    raise reply


def is_unknown_script(reply: Any) -> bool:
    """Whether the server has to be given the script (again)."""
    return isinstance(reply, redis.exceptions.NoScriptError)


def _complaint(facts: dict[str, str]) -> str | None:
    version = tuple(int(part) for part in facts["redis_version"].split(".")[:2])
    if version < VERSION_MIN:
        return f"expected Redis 6.2 or newer, got {facts['redis_version']}"
    if facts.get("redis_mode") == "cluster":
        return "expected a single Redis (with replicas if wanted), got a Redis Cluster"
    policy = facts.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        return f"expected maxmemory-policy noeviction, got {policy}: an evicted counter is a lost counter"
    return None
