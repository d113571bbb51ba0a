"""What only a real Redis can do to the counters."""

import subprocess
import time
from collections.abc import Callable

import pytest
import redis

from processors.counters.port import CountersMisconfigured, CountersUnavailable, StateLost
from processors.counters.redis_connection import RedisConnection, checked
from processors.counters.redis_state import RedisState
from processors.embedded.redis import RedisServer
from tests.counters.twins import RedisTwin
from tests.counters.world import COMPANY_WIDE, ITEM_WIDE, World, a_claim

Make = Callable[..., RedisServer]


@pytest.fixture
def world(fresh_redis: Make, shared_redis: RedisServer) -> World:
    """Around a running, empty Redis."""
    shared_redis.flush()
    return World(RedisTwin(fresh_redis, shared_redis))


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_worker_refuses_to_start_on_a_redis_that_evicts_keys(fresh_redis: Make, policy: str) -> None:
    server = fresh_redis({"maxmemory-policy": policy})
    with pytest.raises(CountersMisconfigured, match=f"expected maxmemory-policy noeviction, got {policy}"):
        RedisConnection(server.url).check()


def test_a_policy_that_is_changed_later_is_found_at_the_next_connection(fresh_redis: Make) -> None:
    server = fresh_redis()
    worker = World(RedisTwin(fresh_redis, server)).worker("w")
    worker.reserve({(ITEM_WIDE, 0): 1})
    server.ask("CONFIG SET maxmemory-policy allkeys-lru")
    worker.reserve({(ITEM_WIDE, 0): 1})
    server.ask("CLIENT KILL TYPE normal")
    with pytest.raises(CountersUnavailable):
        worker.reserve({(ITEM_WIDE, 0): 1})
    with pytest.raises(CountersMisconfigured):
        worker.reserve({(ITEM_WIDE, 0): 1})


def test_a_password_that_is_wrong_is_a_matter_of_configuration(fresh_redis: Make) -> None:
    server = fresh_redis()
    server.ask("CONFIG SET requirepass right")
    with pytest.raises(CountersMisconfigured, match="user or password"):
        RedisConnection(server.url.replace("redis://", "redis://:wrong@")).check()
    RedisConnection(server.url.replace("redis://", "redis://:right@")).check()


def test_nobody_listening_is_unavailable() -> None:
    with pytest.raises(CountersUnavailable):
        RedisConnection("redis://127.0.0.1:1/0").check()


def test_a_redis_without_room_is_unavailable_and_changes_nothing(world: World) -> None:
    assert isinstance(world.twin, RedisTwin)
    worker = world.worker("w", 0)
    worker.rebuild()
    world.twin.server.ask("CONFIG SET maxmemory 1")
    try:
        for needs in ({(COMPANY_WIDE, 0): 5}, {(ITEM_WIDE, 0): 5}):
            with pytest.raises(CountersUnavailable, match=r"OOM|maxmemory"):
                worker.reserve(needs)
    finally:
        world.twin.server.ask("CONFIG SET maxmemory 0")
    assert worker.post(COMPANY_WIDE, 0, 1) == [0]


def test_a_read_only_replica_is_unavailable(world: World) -> None:
    assert isinstance(world.twin, RedisTwin)
    worker = world.worker("w", 0)
    worker.rebuild()
    world.twin.server.ask("REPLICAOF 127.0.0.1 1")
    try:
        for needs in ({(COMPANY_WIDE, 0): 5}, {(ITEM_WIDE, 0): 5}):
            with pytest.raises(CountersUnavailable):
                worker.reserve(needs)
    finally:
        world.twin.server.ask("REPLICAOF NO ONE")
    assert worker.post(COMPANY_WIDE, 0, 1) == [0]


def test_a_busy_redis_is_unavailable(world: World) -> None:
    assert isinstance(world.twin, RedisTwin)
    worker = world.worker("w", 0)
    worker.rebuild()
    server = world.twin.server
    server.ask("CONFIG SET lua-time-limit 1")
    host, port = server.url.removeprefix("redis://").split("/")[0].split(":")
    with redis.Redis(host, int(port)) as blocker:
        connection = blocker.connection_pool.get_connection()
        connection.send_command("EVAL", "while true do end", 0)
        try:
            assert "BUSY" in after(lambda: worker.reserve({(COMPANY_WIDE, 0): 5}), is_refused=True)
        finally:
            server.ask("SCRIPT KILL")
            connection.disconnect()
    after(lambda: worker.reserve({(COMPANY_WIDE, 0): 5}), is_refused=False)
    assert worker.post(COMPANY_WIDE, 0, 1) == [0]


def test_a_redis_that_hangs_is_given_up(world: World) -> None:
    assert isinstance(world.twin, RedisTwin)
    server = world.twin.server
    connection = RedisConnection(server.url, timeout_s=0.2)
    state = RedisState(connection, "test")
    state.check()
    subprocess.run(["kill", "-STOP", str(server.pid)], check=True)
    try:
        with pytest.raises(CountersUnavailable):
            state.hand_out({0: {"c": 1}}, (), (), {}, 1)
    finally:
        subprocess.run(["kill", "-CONT", str(server.pid)], check=True)
    state.hand_out({0: {"c": 1}}, (), (), {}, 1)


def test_a_server_that_forgets_its_scripts_is_given_them_again(world: World) -> None:
    assert isinstance(world.twin, RedisTwin)
    worker = world.worker("w", 0)
    worker.rebuild()
    assert worker.post(COMPANY_WIDE, 0, 1) == [0]
    world.twin.server.ask("SCRIPT FLUSH")
    assert worker.post(COMPANY_WIDE, 0, 1) == [1]


def test_two_clusters_share_a_server_by_their_prefix(world: World) -> None:
    assert isinstance(world.twin, RedisTwin)
    url = world.twin.server.url

    class Other(RedisTwin):
        def connect(self) -> RedisState:
            return RedisState(RedisConnection(url), "other")

    other = World(Other(lambda: None, world.twin.server))  # type: ignore[arg-type, return-value]
    for one in (world.worker("one", 0), other.worker("two", 0)):
        one.rebuild()
        assert one.post(COMPANY_WIDE, 0, 1) == [0]
    with pytest.raises(ValueError, match="without braces"):
        RedisState(RedisConnection(url), "a{b}")


def test_a_command_never_goes_to_another_server_process_than_it_names(world: World) -> None:
    assert isinstance(world.twin, RedisTwin)
    connection = RedisConnection(world.twin.server.url)
    first = connection.run_id()
    world.twin.restart(world.twin.snapshot())
    with pytest.raises(CountersUnavailable):
        connection.send([("PING",)])
    with pytest.raises(CountersUnavailable):
        connection.send([("PING",)])  # not even now, before the new process was asked for its name
    assert connection.run_id() != first
    assert connection.send([("PING",)]) == ["PONG"]


def test_keys_stay_few_and_what_is_superseded_goes(world: World) -> None:
    assert isinstance(world.twin, RedisTwin)
    worker = world.worker("w", 0)
    with pytest.raises(ZeroDivisionError):
        worker.counters.rebuild(Failing())
    worker.rebuild()
    worker.post(COMPANY_WIDE, 0, 1)
    worker.post(ITEM_WIDE, 0, 3)
    world.twin.delete("state")
    worker.rebuild()
    worker.reserve({})
    worker.claim(a_claim("X"))
    worker.finish()
    worker.counters.flush_outcomes()
    epoch = world.log.newest().epoch
    with redis.Redis.from_url(world.twin.server.url, decode_responses=True) as client:
        lasting = {key for key in client.scan_iter("test:*") if client.ttl(key) == -1}
        assert lasting == {
            "test:{company}:state",
            f"test:{{company}}:counters:{epoch}",
            f"test:{{company}}:claims:{epoch}",
            "test:{0}:handed",
        }
        assert client.hgetall("test:{0}:handed") == {ITEM_WIDE.key: "3"}
        assert client.hget(f"test:{{company}}:claims:{epoch}", "=X") == "fA|1|"


def after(call: Callable[[], object], is_refused: bool) -> str:
    """Call until it is refused, or until it is not; the last refusal."""
    refusal, until = "", time.monotonic() + 20
    while time.monotonic() < until:
        try:
            call()
            if not is_refused:
                return refusal
        except CountersUnavailable as error:
            refusal = str(error)
            if is_refused:
                return refusal
    raise AssertionError(f"expected another answer, got {refusal!r}")


class Failing:
    """Registers that cannot be read."""

    def note_ends(self) -> None:
        pass

    def rows(self):  # type: ignore[no-untyped-def]
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("message", "reaction"),
    [
        ("OOM command not allowed when used memory > 'maxmemory'.", CountersUnavailable),
        ("Error running script (call to f_1): @user_script:1: -OOM command not allowed", CountersUnavailable),
        ("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to", CountersUnavailable),
        ("NOREPLICAS Not enough good replicas to write.", CountersUnavailable),
        ("BUSY Redis is busy running a script.", CountersUnavailable),
        ("UNKILLABLE Sorry the script already executed write commands", CountersUnavailable),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", StateLost),
        ("Error running script (call to f_1): @user_script:1: WRONGTYPE Operation", StateLost),
        ("MOVED 3999 127.0.0.1:6381", CountersMisconfigured),
        ("NOPERM this user has no permissions to run the 'evalsha' command", CountersMisconfigured),
        ("unknown command `EVALSHA`, with args beginning with: ", CountersMisconfigured),
        ("something nobody has thought of", redis.exceptions.ResponseError),
    ],
)
def test_errors_are_named_by_the_reaction_they_need(message: str, reaction: type[Exception]) -> None:
    with pytest.raises(reaction):
        checked(redis.exceptions.ResponseError(message))
