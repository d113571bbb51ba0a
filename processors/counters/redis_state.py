"""The counter state on a Redis server (6.2 or newer): scripts in `lua/`, one round trip a call.

Keys, behind a prefix per cluster:
    <prefix>:{company}:state              pointer: epoch in place, run_id of the server process that wrote it
    <prefix>:{company}:counters:<epoch>   hash, see lua/guard.lua
    <prefix>:{company}:claims:<epoch>     hash, see lua/guard.lua
    <prefix>:{3}:handed                   item-wide counters of partition 3: end of what its last batch was handed
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from processors.counters.port import EpochChanged, StateLost
from processors.counters.redis_connection import Command, RedisConnection, checked, is_unknown_script
from processors.counters.state import Ask, Claimings, HandedOut, Outcome, Wanted, owner_changed
from processors.domain.progressives import Claim, parse_intervals

ASIDE_S = 900
"""How long a state that is written aside outlives its writer's last word."""
_TRIES = 4
_LUA = Path(__file__).parent / "lua"


class RedisState:
    """One worker's view of the counters on a server; see `state.State`. `prefix`: no braces, they mark hash slots."""

    def __init__(self, connection: RedisConnection, prefix: str) -> None:
        if not prefix or set(prefix) & set("{}"):
            raise ValueError(f"expected a prefix without braces, got {prefix!r}")
        self._redis, self._prefix = connection, prefix
        self._pointer = f"{prefix}:{{company}}:state"
        self._epoch: str | None = None
        """The epoch last seen in place: a guess, that every script checks."""
        library = [(_LUA / f"{part}.lua").read_text() for part in ("guard", "ordinals", "claims")]
        self._scripts = {
            name: "\n".join([*library, (_LUA / f"{name}.lua").read_text()])
            for name in ("hand_out", "claim", "take_over", "resolve")
        } | {name: (_LUA / f"{name}.lua").read_text() for name in ("begin", "fill", "switch")}
        self._shas = {name: hashlib.sha1(text.encode()).hexdigest() for name, text in self._scripts.items()}

    def check(self) -> None:
        self._redis.check()

    def valid_epoch(self) -> int | None:
        run = self._redis.run_id()
        try:
            epoch, writer = checked(self._redis.send([("HMGET", self._pointer, "epoch", "run")])[0])
            if epoch is None or writer != run:
                return None
            sentinels = self._redis.send([("HGET", key, "run") for key in self._hashes(epoch)])
            return int(epoch) if all(checked(sentinel) == run for sentinel in sentinels) else None
        except StateLost:
            return None

    def hand_out(
        self,
        noted: Mapping[int, Mapping[str, int]],
        asks: Sequence[Ask],
        outcomes: Sequence[Outcome],
        owners: Mapping[int, int],
        number: int,
    ) -> HandedOut:
        before: list[Command] = []
        for partition, ends in noted.items():
            key = f"{self._prefix}:{{{partition}}}:handed"
            before.append(("DEL", key))
            before.append(("HSET", key, *(part for end in ends.items() for part in end)))
        if not asks and not outcomes:
            if before:
                self._redis.run_id()
                for reply in self._redis.send(before):
                    checked(reply)
            return HandedOut(None, ())
        call = {
            "owners": _texts(owners),
            "number": str(number),
            "asks": [(ask.counter, str(ask.partition), ask.floor, ask.count) for ask in asks],
            "outcomes": _outcomes(outcomes),
        }
        try:
            epoch, reply = self._guarded("hand_out", call, before=before)
        except StateLost:
            if asks:
                raise
            return HandedOut(None, ())
        return HandedOut(epoch if asks else None, [tuple(parse_intervals(text)) for text in reply])

    def claim(
        self,
        epoch: int | None,
        wanted: Sequence[Wanted],
        outcomes: Sequence[Outcome],
        owners: Mapping[int, int],
        number: int,
    ) -> Claimings:
        call = {
            "owners": _texts(owners),
            "number": str(number),
            "outcomes": _outcomes(outcomes),
            "wanted": [(list(map(_claim, w.claims)), list(map(_claim, w.released))) for w in wanted],
        }
        now, (wait_at, *taken) = self._guarded("claim", call, epoch)
        return Claimings(
            now, dict(zip(taken[::2], taken[1::2], strict=True)), None if wait_at == "-1" else int(wait_at)
        )

    def take_over(self, owners: Mapping[int, int]) -> Sequence[Claim]:
        _, reply = self._guarded("take_over", {"owners": _texts(owners)})
        rows = zip(*(reply[i::5] for i in range(5)), strict=True)
        return [Claim(text, owner, int(p), register, key) for text, owner, p, register, key in rows]

    def resolve(self, owners: Mapping[int, int], existing: Sequence[Claim], missing: Sequence[Claim]) -> None:
        call = {"owners": _texts(owners), "existing": _by_partition(existing), "missing": _by_partition(missing)}
        self._guarded("resolve", call)

    def begin(self, epoch: int) -> None:
        self._run("begin", self._hashes(epoch), [self._redis.run_id(), ASIDE_S])

    def fill(self, epoch: int, tails: Mapping[str, int], claims: Sequence[Claim]) -> None:
        call = {
            "tails": [part for counter, tail in tails.items() for part in (counter, str(tail))],
            "claims": [part for claim in claims for part in (claim.text, claim.owner)],
        }
        self._run("fill", self._hashes(epoch), [self._redis.run_id(), ASIDE_S, _json(call)])

    def switch(self, epoch: int, owners: Mapping[int, int]) -> None:
        arguments: Command = [self._redis.run_id(), epoch, _json({"owners": _texts(owners)})]
        self._run("switch", [self._pointer, *self._hashes(epoch)], arguments)
        self._epoch = str(epoch)
        self._sweep(epoch)

    def _sweep(self, epoch: int) -> None:
        """Remove what older epochs left behind a pointer that was lost; nobody finds it any more."""
        left = re.compile(re.escape(f"{self._prefix}:{{company}}:") + r"(counters|claims):(\d+)$")
        cursor = "0"
        while True:
            cursor, keys = checked(self._redis.send([("SCAN", cursor, "MATCH", "*:{company}:*", "COUNT", 1000)])[0])
            old = [key for key in keys if (match := left.match(key)) and int(match[2]) < epoch]
            if old:
                checked(self._redis.send([("UNLINK", *old)])[0])
            if cursor == "0":
                return

    def _hashes(self, epoch: int | str) -> tuple[str, str]:
        return f"{self._prefix}:{{company}}:counters:{epoch}", f"{self._prefix}:{{company}}:claims:{epoch}"

    def _guarded(
        self, script: str, call: Mapping[str, Any], must: int | None = None, before: Sequence[Command] = ()
    ) -> tuple[int, list[Any]]:
        """Run a script on the state in place: its epoch and the answer behind the tag."""
        text = _json(call)
        for _ in range(_TRIES):
            run, epoch = self._redis.run_id(), str(must) if must is not None else self._epoch or "none"
            reply = self._run(script, [self._pointer, *self._hashes(epoch)], [run, epoch, text], before)
            if reply[0] == "OK":
                return int(epoch), reply[1:]
            if must is not None:
                raise EpochChanged(f"reserved in epoch {must}, the counters are in {reply[1]}")
            self._epoch, before = reply[1], ()
        raise StateLost("the epoch changes faster than it can be followed")

    def _run(
        self,
        script: str,
        keys: Sequence[str],
        arguments: Sequence[str | int],
        before: Sequence[Command] = (),
    ) -> list[Any]:
        """One script; `before` goes with it in the same round trip. Tags `OK` and `EPOCH` come back, others raise."""
        command: Command = ("EVALSHA", self._shas[script], len(keys), *keys, *arguments)
        *others, reply = self._redis.send([*before, command])
        for other in others:
            checked(other)
        if is_unknown_script(reply):
            _, reply = self._redis.send([("SCRIPT", "LOAD", self._scripts[script]), command])
        answer: list[Any] = checked(reply)
        match answer[0]:
            case "LOST":
                raise StateLost(answer[1])
            case "OWNER":
                raise owner_changed([int(partition) for partition in answer[1:]])
        return answer


def _json(call: Mapping[str, Any]) -> str:
    return json.dumps(call, ensure_ascii=False, separators=(",", ":"))


def _texts(owners: Mapping[int, int]) -> dict[str, str]:
    return {str(partition): str(owner) for partition, owner in owners.items()}


def _outcomes(outcomes: Sequence[Outcome]) -> list[Any]:
    return [(str(o.partition), str(o.owner), o.nonce, o.kept, list(o.used.items())) for o in outcomes]


def _claim(claim: Claim) -> tuple[str, str, str, str, str]:
    return claim.text, claim.owner, str(claim.partition), claim.register, claim.key


def _by_partition(claims: Sequence[Claim]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for claim in claims:
        texts.setdefault(str(claim.partition), []).append(claim.text)
    return texts
