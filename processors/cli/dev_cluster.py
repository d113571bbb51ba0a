"""`lotstream dev`, once its servers answer: topics, workers, the edge, the demo, and what is told of them."""

import json
import time
from datetime import date, datetime
from pathlib import Path
from typing import Final

from processors.cli.cluster_options import Cluster, reached
from processors.cli.demo_run import Counted, Outcome, await_master_data, await_replies, count, publish
from processors.cli.dev_report import Report
from processors.contract import topics as manifest
from processors.contract.cluster_facts import PARTITIONS, Facts, read_facts, wanted_facts, write_facts
from processors.embedded import demo
from processors.embedded.stack import Stack, Worker

KINDS: Final = ("ledger", "counting")
"""The workers; by name, since their code takes a second to import."""


def start(stack: Stack, report: Report, persist: Path | None, edge: Worker | None, *, with_demo: bool) -> None:
    """Return when all is ready and told. `edge`: the one that runs already, if one does."""
    with reached(stack.bootstrap_servers, None) as cluster:
        facts = read_facts(cluster.connection, cluster.codec)
        with report.step("topics") as step:
            step.done(_make_topics(cluster, facts))
        started = {kind: stack.start_worker(kind, ["worker", kind, "--slots", "1", "--slot", "0"]) for kind in KINDS}
        runs_already = edge is not None
        edge = edge or stack.start_edge()
        if runs_already:
            _await_edge(edge, report)
        for kind, worker in started.items():
            with report.step(kind) as step:
                worker.wait_until_ready()
                step.done(f"{worker.health_url}/metrics  log {worker.log}")
        outcome = _demo(stack, cluster, report, persist, is_new=not facts) if with_demo else None
        if not runs_already:
            _await_edge(edge, report)
    if outcome is not None:
        report.outcome(outcome[0])
        report.counted(outcome[1])
    report.places(stack, persist, edge)
    report.try_next(stack.bootstrap_servers, with_demo=with_demo)
    report.look_at(edge.health_url)


def _await_edge(edge: Worker, report: Report) -> None:
    with report.step(edge.name) as step:
        edge.wait_until_ready()
        step.done(f"{edge.health_url}  log {edge.log}")


def _make_topics(cluster: Cluster, facts: Facts) -> str:
    count = int(facts.get(PARTITIONS, cluster.settings.partitions))
    made = manifest.apply(cluster.connection.admin(), count)
    now_ms = time.time_ns() // 1_000_000
    write_facts(cluster.connection, cluster.codec, wanted_facts(count, cluster.codec.ids.source), now_ms)
    return f"{sum(each.action == 'create' for each in made)} created, {count} tasks"


def _demo(
    stack: Stack, cluster: Cluster, report: Report, persist: Path | None, *, is_new: bool
) -> tuple[Outcome, Counted] | None:
    """Publish the demo where it was not yet, and wait for its answers. None: it was there already."""
    note = stack.directory / "demo.json"
    state = json.loads(note.read_text(encoding="utf-8")) if note.exists() else None
    if state and state["done"]:
        report.note("demo", f"published on {state['day']}; going on from the data in {persist}")
        return None
    if state is None and not is_new:
        report.note("demo", "not published: the cluster was set up before")
        return None
    # Day and time are kept from the first try on: a demo that was cut short is sent again with the same content.
    now = datetime.now(demo.ZONE)
    began_at = {"day": now.date().isoformat(), "at": now.isoformat(timespec="milliseconds"), **(state or {})}
    day = date.fromisoformat(began_at["day"])
    note.write_text(json.dumps({**began_at, "done": False}), encoding="utf-8")
    with report.step("demo") as step:
        master = demo.master_data(day)
        publish(cluster, "master-data", master)
        await_master_data(cluster, len(master), lambda there: step.progress(f"{there} of {len(master)} master records"))
        lines = demo.movements(day)
        began = time.monotonic()
        publish(cluster, "movements", lines)
        outcome = await_replies(cluster, lines, lambda there: step.progress(f"{there} of {len(lines)} replies"))
        took_ms = (time.monotonic() - began) * 1000
        step.done(f"{len(master)} master records accepted, {len(lines)} movements answered in {took_ms:.0f} ms")
    with report.step("count") as step:
        steps = demo.counting(day, began_at["at"])
        counted = count(cluster, steps, lambda there: step.progress(f"{there} of {len(steps)} steps"))
        step.done(f"{counted.reads} reads, {counted.moved} movements meanwhile, list {counted.list.list} closed")
    note.write_text(json.dumps({**began_at, "done": True}), encoding="utf-8")
    return outcome, counted
