"""A trace and a recall as JSON: decimals as text, days `2026-11-21`, times ISO 8601 with `Z`."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

from processors.domain import quantity
from processors.domain.calendar import day_text, time_text
from processors.domain.lineage_graph import Goods
from processors.edge.store.queries_trace import LotFacts, Paper, SerialFacts
from processors.edge.trace.balance import Balance, Known, Sums
from processors.edge.trace.network import Link, Network
from processors.edge.trace.recall import Recall
from processors.edge.trace.recall_rows import CHUNK, rows_of

Form = dict[str, Any]


UNSEEN: Final = ("stock", "state", "warehouse", "location")
"""What a register's row tells of how much there is, and where."""


def network_form(network: Network, known: Known, limit: int, hidden: Collection[Goods] = ()) -> Form:
    """One direction: the first `limit` goods with all that is known of them, and as many steps with both sides.

    Of the goods that are `hidden` (`store.sight`) no quantities, documents or places are told.
    """
    goods = list(network.depths)[:limit]
    steps = list(network.steps)[:limit]
    return {
        "goods": [_goods_form(each, network, known, each in hidden) for each in goods],
        "steps": [_step_form(step, network.links(step), hidden) for step in steps],
        "goods_total": len(network.depths),
        "steps_total": len(network.steps),
        "complete": len(goods) == len(network.depths) and len(steps) == len(network.steps),
    }


def recall_json(found: Recall, **more: object) -> Iterator[str]:
    """A recall as one JSON object, in pieces: what it comes to, `more`, and its `rows`."""
    yield _json({**more, **_summary(found)})[:-1] + ',"rows":['
    rows, comma = rows_of(found), ""
    while some := list(islice(rows, CHUNK)):
        yield comma + _json(some)[1:-1]
        comma = ","
    yield "]}"


def _json(form: object) -> str:
    return json.dumps(form, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _summary(found: Recall) -> Form:
    lots = [goods for goods in found.network.depths if goods.serial_code is None]
    return {
        "start": found.start._asdict(),
        "at": time_text(found.at),
        "lots": len(lots),
        "serials": len(found.pieces.keys() | found.known.serials.keys()),
        "customers": [
            {"account": code, "name": found.accounts.get(code, {}).get("description")} for code in found.customers
        ],
    }


def sums_form(sums: Sums) -> Form:
    """received = on_hand + shipped + consumed + adjusted + moved + unexplained."""
    return {name: quantity.text(value) for name, value in asdict(sums).items()} | {
        "unexplained": quantity.text(sums.unexplained)
    }


def paper_form(paper: Paper) -> Form:
    """A document line."""
    return {
        "direction": paper.direction,
        "quantity": quantity.text(paper.quantity),
        "unit": paper.unit,
        "occurred_at": time_text(paper.occurred_at),
        "warehouse": paper.warehouse,
        "document_type": paper.document_type,
        "document_number": paper.document_number,
        "document_date": _day(paper.document_date),
        "account": paper.account,
        "movement_id": paper.movement_id,
    }


def _goods_form(goods: Goods, network: Network, known: Known, is_hidden: bool) -> Form:
    balance = Balance() if is_hidden else known.balances.get(goods, Balance())
    register = _register_form(known.lots.get(goods) or known.serials.get(goods))
    if is_hidden and register is not None:
        register |= {name: None for name in UNSEEN if name in register}
    return {
        **goods._asdict(),
        "depth": network.depths[goods],
        "cut": goods in network.cut,
        "register": register,
        "unit": balance.unit,
        "balance": None if is_hidden else sums_form(balance.total),
        "warehouses": [{"warehouse": code, **sums_form(sums)} for code, sums in sorted(balance.warehouses.items())],
        "receipts": _papers(balance.receipts),
        "shipments": _papers(balance.shipments),
    }


def _papers(papers: Iterable[Paper]) -> list[Form]:
    return [paper_form(paper) for paper in papers]


def _register_form(facts: LotFacts | SerialFacts | None) -> Form | None:
    if facts is None:
        return None
    form = facts._asdict()
    for name, value in form.items():
        if name == "stock":
            form[name] = quantity.text(value)
        elif name.endswith("_date"):
            form[name] = _day(value)
    return form


def _step_form(step: str, links: list[Link], hidden: Collection[Goods]) -> Form:
    sides: dict[str, list[Form]] = {"input": [], "output": []}
    for link in links:
        amount = None if link.goods in hidden else quantity.text(link.quantity)
        form = {**link.goods._asdict(), "quantity": amount}
        sides[link.role].append({**form, "occurred_at": time_text(link.occurred_at)})
    return {"transformation_id": step, "inputs": sides["input"], "outputs": sides["output"]}


def _day(day: int | None) -> str | None:
    return None if day is None else day_text(day)
