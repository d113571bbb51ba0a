"""The specification of company-wide counters and codes as a small state machine (architecture.md §5).

Two partitions, two workers, one rebuilder, one company-wide counter or one code that two items want; the group may move
partition 0 to the other worker, either worker may take partition 0 over at any time (a frozen one that wakes), one
worker may crash, the server may lose everything once, or be cut off with worker 0 still on it. `steps` gives every step
that is possible in a state, with what the specification says is observed. Nothing of the product is used here.

`Rules` can be broken one by one, so that a test can show that the search finds what each of them prevents.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

Observed = object
Step = tuple[str, str, Observed]
"""(who: `w0`, `w1`, `r`, `world`; what; what is observed)."""

NOBODY = -1
LOST = -1


@dataclass(frozen=True)
class Rules:
    """What the design rests on; all true is the specification."""

    confirm_epoch: bool = True
    """A batch commits only under the newest epoch."""
    confirm_owner: bool = True
    """A batch commits only if nobody took its partition over since."""
    nonce: bool = True
    """An outcome counts only for the latest reservation of the partition, under its owner."""
    epoch_before_ends: bool = True
    """A rebuild begins its epoch before it notes the ends."""
    owner_before_ends: bool = True
    """A take-over tells the log before it notes the ends."""
    wait_for_open: bool = True
    """Reading up to noted ends waits for transactions that were open there."""
    fence_at_commit: bool = True
    """Kafka refuses the commit of a former owner. Company-wide codes do not need it, item-wide ordinals do."""
    lets_nobody_in: bool = True
    """A pending code makes others wait."""


@dataclass(frozen=True)
class Scope:
    """How far to look. `what`: ordinals of one counter, or one code as two items claim and release it."""

    what: Literal["ordinals", "code"]
    batches: tuple[int, int] = (2, 2)
    owns: int = 1
    crashes: int = 1
    losses: tuple[str, ...] = ("flush", "cut off")
    moves: int = 1
    rules: Rules = Rules()


class Server(NamedTuple):
    """`kept`: per partition (mark, ordinals). `code`: None, ("firm", p) or ("pending", p, mark, before, after)."""

    epoch: int
    owners: tuple[int, int]
    tail: int
    kept: tuple[tuple[object, tuple[int, ...]], tuple[object, tuple[int, ...]]]
    code: tuple[object, ...] | None


class Outcome(NamedTuple):
    p: int
    owner: int
    mark: object
    kept: bool
    used: int


class Noted(NamedTuple):
    """Ends of the log: what was committed there, and the batches that were open: (worker, number)."""

    rows: tuple[int, int]
    holder: int
    open: tuple[tuple[int, int], ...]


class Worker(NamedTuple):
    """`tokens`: own owner offsets, -1 for none. `rows`, `holds`: the store. `has`: ordinals granted."""

    phase: str = "idle"
    p: int = 0
    number: int = 0
    tokens: tuple[int, int] = (-1, -1)
    seen: int = -1
    epoch: int = -1
    has: tuple[int, ...] = ()
    claims: bool = True
    rows: tuple[int, int] = (0, 0)
    holds: tuple[bool, bool] = (False, False)
    told: Outcome | None = None
    noted: Noted | None = None


class World(NamedTuple):
    workers: tuple[Worker, Worker]
    servers: tuple[Server, Server]
    at: tuple[int, int, int]
    epoch: int
    owners: tuple[int, int]
    following: int
    group: tuple[int, int]
    rows: tuple[int, int]
    holder: int
    used: int
    ended: tuple[tuple[int, int, bool, int, int, bool], ...]
    """Batches that ended while somebody waited: worker, number, committed, partition, next ordinal, claims."""
    rebuild: tuple[str, int, Noted | None]
    left: tuple[int, int, int, int, int, int]
    """Of batches of each worker, owner records, crashes, losses, moves of the group."""
    repeated: bool


EMPTY = Server(LOST, (NOBODY, NOBODY), 0, ((None, ()), (None, ())), None)


def start(scope: Scope) -> World:
    """Worker 0 has partition 0, worker 1 has partition 1, the state is built, nothing is used."""
    owners, epoch = (0, 1), 2
    workers = (Worker(p=0, tokens=(0, -1)), Worker(p=1, tokens=(-1, 1)))
    server = Server(epoch, owners, 0, ((None, ()), (None, ())), None)
    left = (*scope.batches, scope.owns, scope.crashes, min(1, len(scope.losses)), scope.moves)
    return World(
        workers, (server, EMPTY), (0, 0, 0), epoch, owners, 4, (0, 1), (0, 0), NOBODY, 0, (),
        ("idle", LOST, None), left, False,
    )  # fmt: skip


def steps(world: World, scope: Scope) -> Iterator[tuple[Step, World]]:
    """Every step possible in a state, and the state behind it."""
    for w in (0, 1):
        for what, observed, following in _worker_steps(world, w, scope):
            yield (f"w{w}", what, observed), following
    for what, observed, following in _rebuild_steps(world, scope):
        yield ("r", what, observed), following
    if world.left[4]:
        left = _less(world.left, 4)
        if "flush" in scope.losses:
            servers = (EMPTY, world.servers[1])
            yield ("world", "flush", None), world._replace(servers=servers, left=left, rebuild=_spoilt(world))
        if "cut off" in scope.losses:
            yield ("world", "cut off", None), world._replace(at=(0, 1, 1), left=left, rebuild=_spoilt(world))
    if world.left[5] and world.group[0] == 0:
        yield ("world", "move", None), world._replace(group=(1, 1), left=_less(world.left, 5))


Found = Iterator[tuple[str, Observed, World]]


def _worker_steps(world: World, w: int, scope: Scope) -> Found:
    me = world.workers[w]
    match me.phase:
        case "idle":
            if world.left[w]:
                for p in (0, 1):
                    if me.tokens[p] != -1:
                        yield from _take_up(world, w, p, scope)
            if me.told is not None:
                yield "tell", None, _put(_settled(world, w, scope), w, told=None)
            if world.left[2] and me.tokens[0] != world.owners[0]:
                yield from _own(world, w, scope)
        case "own" if not scope.rules.owner_before_ends:
            yield "own", None, _owned(world, w, "ends noted")
        case "owned":
            yield "note ends", None, _put(world, w, phase="ends noted", noted=_note(world, 0))
        case "ends noted":
            assert me.noted
            if not scope.rules.wait_for_open or not _open(world, me.noted):
                yield from _take_over(world, w, me.noted)
        case "reserved":
            yield "flush", None, _put(world, w, phase="flushed")
            yield "drop", None, _end(world, w, False, "idle")
        case "flushed":
            yield from _confirm(world, w, scope.rules)
            yield "drop", None, _end(world, w, False, "idle")
        case "confirmed":
            if world.group[me.p] == w or not scope.rules.fence_at_commit:
                yield "send offsets", "ok", _put(world, w, phase="sent")
            else:
                yield "send offsets", "fenced", _end(world, w, False, "idle")
        case "sent":
            yield "commit", None, _end(world, w, True, "idle")
            yield "drop", None, _end(world, w, False, "idle")
    if world.left[3] and me != Worker():
        crashed = _end(world, w, False, "idle") if me.phase in ("reserved", "flushed", "confirmed", "sent") else world
        gone = Worker(number=me.number)
        yield "crash", None, _put(crashed, w, **gone._asdict())._replace(left=_less(crashed.left, 3))


def _take_up(world: World, w: int, p: int, scope: Scope) -> Found:
    """Begin a batch of partition p: reserve two ordinals, or claim or release the code."""
    me, server = world.workers[w], world.servers[world.at[w]]
    what = "reserve" if scope.what == "ordinals" else "release" if me.holds[p] else "claim"
    number = me.number + 1
    if server.epoch == LOST:
        yield f"{what} {p}", "lost", world
        return
    if server.owners[p] != me.tokens[p]:
        # A claim comes after a reservation of nothing, which has told the outcome already.
        told = world if scope.what == "ordinals" else _put(_settled(world, w, scope), w, told=None)
        yield f"{what} {p}", "owner", told
        return
    settled = _put(_settled(world, w, scope), w, told=None)
    server, mark = settled.servers[world.at[w]], (me.tokens[p], number)
    if server.epoch < me.seen:
        return  # A refusal that only costs the worker its call; the state behind it differs in nothing.
    stale = server.epoch != world.epoch  # a cut-off server contradicts the registers, and nothing commits under it
    begun = {"number": number, "phase": "reserved", "p": p, "seen": server.epoch, "epoch": server.epoch}
    if scope.what == "ordinals":
        if me.rows[p] > server.tail:
            assert stale or scope.rules != Rules(), "a row is beyond all that was handed out"
            yield f"{what} {p}", "lost", _server(world, w, EMPTY)
            return
        kept = tuple(o for o in server.kept[p][1] if o >= me.rows[p])
        short = max(0, 2 - len(kept))
        kept += tuple(range(server.tail, server.tail + short))
        granted = server._replace(tail=server.tail + short, kept=_with(server.kept, p, (mark, kept)))
        yield f"{what} {p}", kept, _put(_server(settled, w, granted), w, has=kept, **begun)
        return
    match server.code:
        case ("firm", holder) if holder != p and not me.holds[p]:
            yield f"{what} {p}", "taken", settled
        case ("pending", *_) if scope.rules.lets_nobody_in and not me.holds[p]:
            yield f"{what} {p}", "wait", settled
        case ("firm", holder) if holder == p and me.holds[p]:
            code: tuple[object, ...] = ("pending", p, mark, True, False)
            claimed = _server(settled, w, server._replace(code=code))
            yield f"{what} {p}", "ours", _put(claimed, w, claims=False, **begun)
        case ("firm", _) if not me.holds[p]:
            assert stale or scope.rules != Rules(), "a code stays firm although its row is gone"
            yield f"{what} {p}", "ours", _put(settled, w, claims=True, **begun)
        case _ if me.holds[p]:
            assert stale or scope.rules != Rules(), "a row's code is not firm"
            yield f"{what} {p}", "ours", _put(settled, w, claims=False, **begun)
        case _:
            claimed = _server(settled, w, server._replace(code=("pending", p, mark, False, True)))
            yield f"{what} {p}", "ours", _put(claimed, w, claims=True, **begun)


def _confirm(world: World, w: int, rules: Rules) -> Found:
    me = world.workers[w]
    if rules.confirm_epoch and world.epoch != me.epoch:
        yield "confirm", "epoch", _put(_end(world, w, False, "idle"), w, seen=world.epoch)
    elif rules.confirm_owner and world.owners[me.p] != me.tokens[me.p]:
        yield "confirm", "owner", _put(_end(world, w, False, "idle"), w, seen=world.epoch)
    else:
        yield "confirm", "ok", _put(world, w, phase="confirmed")


def _own(world: World, w: int, scope: Scope) -> Found:
    if scope.rules.owner_before_ends:
        yield "own", None, _owned(world, w, "owned")
    else:
        yield "note ends", None, _put(world, w, phase="own", noted=_note(world, 0))


def _owned(world: World, w: int, phase: str) -> World:
    offset = world.following
    owned = world._replace(owners=(offset, world.owners[1]), following=offset + 1, left=_less(world.left, 2))
    return _put(owned, w, phase=phase, tokens=(offset, world.workers[w].tokens[1]))


def _take_over(world: World, w: int, noted: Noted) -> Found:
    """Catch up to the noted ends, then settle what is pending in partition 0."""
    me, server = world.workers[w], world.servers[world.at[w]]
    rows, holder = _read(world, noted)
    restored = _put(world, w, phase="idle", noted=None, rows=(rows[0], me.rows[1]), holds=(holder == 0, me.holds[1]))
    if server.epoch == LOST:
        yield "take over", "ok", restored
    elif server.owners[0] > me.tokens[0]:
        yield "take over", "owner", restored
    else:
        code = server.code
        if code and code[0] == "pending" and code[1] == 0:
            code = ("firm", 0) if holder == 0 else None
        taken = server._replace(owners=(me.tokens[0], server.owners[1]), code=code)
        yield "take over", "ok", _server(restored, w, taken)


def _rebuild_steps(world: World, scope: Scope) -> Found:
    phase, epoch, noted = world.rebuild
    server = world.servers[world.at[2]]
    first, second = ("epoch", "note") if scope.rules.epoch_before_ends else ("note", "epoch")
    if phase == "idle" and server.epoch != world.epoch:
        phase = "begin"
    if (phase, first) in (("begin", "epoch"), ("noted early", "epoch")) or (
        phase == "noted early" and second == "epoch"
    ):
        following = world._replace(epoch=world.following, following=world.following + 1)
        behind = "noted" if phase == "noted early" else "epoch"
        yield "epoch", None, following._replace(rebuild=(behind, world.following, noted))
    elif phase == "begin":
        yield "note ends", None, world._replace(rebuild=("noted early", LOST, _note(world)))
    elif phase == "epoch":
        yield "note ends", None, world._replace(rebuild=("noted", epoch, _note(world)))
    elif phase == "noted" and noted is not None and (not scope.rules.wait_for_open or not _open(world, noted)):
        rows, holder = _read(world, noted)
        code = None if holder == NOBODY else ("firm", holder)
        built = Server(epoch, world.owners, max(rows), ((None, ()), (None, ())), code)
        switched = world._replace(
            servers=_with(world.servers, world.at[2], built),
            following=world.following + 1,
            rebuild=("idle", LOST, None),
        )
        yield "switch", None, switched
    elif phase == "spoilt":
        yield "give up", None, world._replace(rebuild=("idle", LOST, None))


def _settled(world: World, w: int, scope: Scope) -> World:
    """The server once it is told how the worker's last batch ended."""
    told, server = world.workers[w].told, world.servers[world.at[w]]
    if told is None or server.epoch == LOST:
        return world
    if scope.rules.nonce and server.owners[told.p] != told.owner:
        return world
    match server.code:
        case ("pending", p, mark, before, after) if p == told.p and mark == told.mark:
            server = server._replace(code=("firm", p) if (after if told.kept else before) else None)
    mark, ordinals = server.kept[told.p]
    if told.kept and scope.what == "ordinals" and (mark == told.mark or not scope.rules.nonce):
        ordinals = tuple(o for o in ordinals if o >= told.used)
        tail = server.tail
        while ordinals and ordinals[-1] == tail - 1:
            ordinals, tail = ordinals[:-1], tail - 1
        server = server._replace(tail=tail, kept=_with(server.kept, told.p, (mark, ordinals)))
    return _server(world, w, server)


def _end(world: World, w: int, commits: bool, phase: str) -> World:
    """A batch ends: committed, or dropped whatever it had reached. It uses the first of its ordinals."""
    me = world.workers[w]
    following = me.has[0] + 1 if me.has else me.rows[me.p]
    mark = (me.tokens[me.p], me.number)
    told = Outcome(me.p, me.tokens[me.p], mark, commits, following)
    ended = world.ended
    if any((w, me.number) in noted.open for noted in _all_noted(world)):
        ended = (*ended, (w, me.number, commits, me.p, following, me.claims))
    world = world._replace(ended=ended, left=_less(world.left, w))
    rows, holds = me.rows, me.holds
    if commits:
        world = _committed(world, me, following)
        rows = _with(rows, me.p, following)
        holds = _with(holds, me.p, me.claims if not me.has else False)
    return _put(world, w, phase=phase, has=(), epoch=-1, told=told, rows=rows, holds=holds)


def _committed(world: World, me: Worker, following: int) -> World:
    if me.has:
        bit = 1 << me.has[0]
        repeated = world.repeated or bool(world.used & bit)
        return world._replace(rows=_with(world.rows, me.p, following), used=world.used | bit, repeated=repeated)
    if me.claims:
        return world._replace(holder=me.p, repeated=world.repeated or world.holder not in (NOBODY, me.p))
    return world._replace(holder=NOBODY if world.holder == me.p else world.holder)


def _note(world: World, p: int | None = None) -> Noted:
    open_now = tuple(
        (w, me.number)
        for w, me in enumerate(world.workers)
        if me.phase in ("flushed", "confirmed", "sent") and p in (None, me.p)
    )
    return Noted(world.rows, world.holder, open_now)


def _open(world: World, noted: Noted) -> bool:
    return any(world.workers[w].phase in ("flushed", "confirmed", "sent") and world.workers[w].number == number
               for w, number in noted.open)  # fmt: skip


def _read(world: World, noted: Noted) -> tuple[tuple[int, int], int]:
    """What stands up to the noted ends, once all that was open there has ended."""
    rows, holder = noted.rows, noted.holder
    for w, number, committed, p, following, claims in world.ended:
        if (w, number) in noted.open and committed:
            rows = _with(rows, p, max(rows[p], following))
            holder = p if claims else NOBODY if holder == p else holder
    return rows, holder


def _all_noted(world: World) -> list[Noted]:
    return [noted for noted in (world.workers[0].noted, world.workers[1].noted, world.rebuild[2]) if noted]


def _spoilt(world: World) -> tuple[str, int, Noted | None]:
    """A rebuild that had begun to write loses what it wrote."""
    return ("spoilt", LOST, None) if world.rebuild[0] == "noted" else world.rebuild


def _put(world: World, w: int, **changes: object) -> World:
    changed = world.workers[w]._replace(**changes)  # type: ignore[arg-type]
    return world._replace(workers=_with(world.workers, w, changed))


def _server(world: World, w: int, server: Server) -> World:
    return world._replace(servers=_with(world.servers, world.at[w], server))


T = TypeVar("T")


def _with(pair: tuple[T, T], index: int, value: T) -> tuple[T, T]:
    return (value, pair[1]) if index == 0 else (pair[0], value)


def _less(left: tuple[int, ...], index: int) -> tuple[int, int, int, int, int, int]:
    return tuple(n - (i == index) for i, n in enumerate(left))  # type: ignore[return-value]


@dataclass(frozen=True)
class Searched:
    """`trace`: the shortest way to a repeated code, None where there is none."""

    states: int
    trace: tuple[Step, ...] | None


def search(scope: Scope) -> Searched:
    """Every state that can be reached, breadth first, until a code repeats."""
    first = start(scope)
    came: dict[World, tuple[World, Step] | None] = {first: None}
    queue = deque([first])
    while queue:
        world = queue.popleft()
        for step, following in steps(world, scope):
            if following not in came:
                came[following] = (world, step)
                if following.repeated:
                    return Searched(len(came), _way_to(following, came))
                queue.append(following)
    return Searched(len(came), None)


def _way_to(world: World, came: dict[World, tuple[World, Step] | None]) -> tuple[Step, ...]:
    way: list[Step] = []
    while (before := came[world]) is not None:
        world, step = before
        way.append(step)
    return tuple(reversed(way))
