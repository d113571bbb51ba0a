"""Trace: from a lot or serial forwards and backwards, as a graph from left to right and as a list."""

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response

from processors.domain import keys
from processors.domain.lineage_graph import Goods
from processors.edge.api.blind import sight_of
from processors.edge.api.problems import Problem
from processors.edge.console.drawing import Node, graph
from processors.edge.console.rendering import HEADERS, Reader, address, page
from processors.edge.console.requests import PageRouter, reader_of
from processors.edge.console.state import Console
from processors.edge.store import queries_console as store
from processors.edge.store.sight import WHOLE, Connection, Sight
from processors.edge.trace.network import Network, walk

DEPTH: Final = 3
DEPTH_MAX: Final = 50
ASKED_MAX: Final = 100
"""Of so many goods it is said who got them."""
NODES_MAX: Final = 300
"""A graph of more boxes than that is drawn without what lies behind."""


@dataclass(frozen=True, slots=True)
class Line:
    """One link of the list: how many steps away, on which side, by which step."""

    depth: int
    side: str
    step: str
    goods: Goods
    key: str
    quantity: int | None
    occurred_at: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of some goods; of `hidden` ones no quantity may be told."""

    start: Goods
    forward: Network
    backward: Network
    row: store.Row | None
    stock: list[store.Row]
    out: list[store.Row]
    hidden: Collection[Goods]


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    @router.get("/trace")
    def show(request: Request, key: str = "", text: str = "", depth: int = DEPTH) -> Response:
        reader = reader_of(console, request)
        if not key:
            with console.store.read() as connection:
                sight, search = sight_of(connection, reader.caller), store.Search(text=text.strip())
                found = store.lots(connection, search, sight=sight).rows if text else []
                pieces = store.serials(connection, search, sight=sight).rows if text else []
            return page(console, request, reader, "trace-search.html", lots=found, serials=pieces, text=text)
        depth = max(1, min(depth, DEPTH_MAX))
        seen = _look(console, reader, key, depth)
        nodes, edges = boxes(seen, reader)
        drawing = graph(nodes[:NODES_MAX], edges, reader.words("Trace"))
        return page(
            console, request, reader, "trace.html", start=seen.start, key=key, depth=depth, drawing=drawing,
            lines=[*lines(seen.backward, "backward", seen.hidden), *lines(seen.forward, "forward", seen.hidden)],
            stock=seen.stock, out=seen.out, row=seen.row, many=len(nodes) > NODES_MAX,
            deeper=bool(seen.forward.cut or seen.backward.cut) and depth < DEPTH_MAX,
        )  # fmt: skip

    @router.get("/trace/picture")
    def picture(request: Request, key: str, depth: int = DEPTH) -> Response:
        reader = reader_of(console, request)
        nodes, edges = boxes(_look(console, reader, key, max(1, min(depth, DEPTH_MAX))), reader)
        drawing = graph(nodes[:NODES_MAX], edges, reader.words("Trace"), style=PICTURE_STYLE)
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="trace.svg"'}
        return Response(drawing, media_type="image/svg+xml", headers=headers)

    return router


def _look(console: Console, reader: Reader, key: str, depth: int) -> Seen:
    start = goods_of(key)
    with console.store.read() as connection:
        sight = sight_of(connection, reader.caller)
        forward, backward = walk(connection, start, "forward", depth), walk(connection, start, "backward", depth)
        row = store.one(connection, "serial-register" if start.serial_code else "lot-register", key, sight)
        stock = store.stock_of(connection, row, sight) if row and not start.serial_code else []
        out = who_got(connection, forward, sight)
        hidden = sight.hidden_goods(connection, {*forward.depths, *backward.depths})
    return Seen(start, forward, backward, row, stock, out, hidden)


def who_got(connection: Connection, forward: Network, sight: Sight = WHOLE) -> list[store.Row]:
    """The accounts that got the goods, or what was made of them; `goods`: which, `depth`: how many steps away."""
    found = []
    for goods, depth in list(forward.depths.items())[:ASKED_MAX]:
        row = {"item_class": goods.item_class, "item_code": goods.item_code, "lot_code": goods.lot_code}
        for each in store.accounts_of(connection, row, goods.serial_code, sight):
            found.append({**each, "goods": goods, "key": key_of(goods), "depth": depth})
    return found


PICTURE_STYLE: Final = (
    "text{font:11px sans-serif;fill:#15202b}.strong{font-weight:600;font-size:12.5px}.faint{fill:#515e6b}"
    ".node rect{fill:#fff;stroke:#7c8894}.start rect{fill:#e2f0f8;stroke:#0a5a83;stroke-width:2}"
    ".step rect{fill:#eef2f5}.account rect{fill:#e0f4e8;stroke:#14663a}.stock rect{fill:#fdf0d8;stroke:#7d4a00}"
    ".edge{fill:none;stroke:#7c8894;stroke-width:1.5}"
)
"""A picture that is taken away has no style sheet beside it."""


def goods_of(key: str) -> Goods:
    """The lot or serial of a register's key. Problem 422 for another text."""
    try:
        parts = keys.split(key)
    except ValueError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field-invalid", f"key: {error}") from None
    if len(parts) not in (4, 5):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field-invalid", "key: expected that of a lot or a serial")
    item_class, item_code, variant, lot_code, *serial = parts
    return Goods(item_class, item_code, variant or None, lot_code or None, serial[0] if serial else None)


def key_of(goods: Goods) -> str:
    """The register's key of a lot or serial."""
    parts = [goods.item_class, goods.item_code, goods.variant or "", goods.lot_code or ""]
    return keys.join(*parts, goods.serial_code) if goods.serial_code is not None else keys.join(*parts)


def lines(network: Network, side: str, hidden: Collection[Goods] = ()) -> list[Line]:
    """The links of one direction, the near ones first; those of `hidden` goods without quantity."""
    wanted = "output" if network.direction == "forward" else "input"
    found = [
        Line(
            network.depths[link.goods],
            side,
            step,
            link.goods,
            key_of(link.goods),
            None if link.goods in hidden else link.quantity,
            link.occurred_at,
        )
        for step in network.steps
        for link in network.links(step)
        if link.role == wanted and link.goods in network.depths
    ]
    return sorted(found, key=lambda line: (line.depth, line.occurred_at, line.key))


def boxes(seen: Seen, reader: Reader) -> tuple[list[Node], list[tuple[str, str]]]:
    """The boxes and arrows of a graph: what it was made of on the left, what became of it on the right."""
    start = seen.start
    nodes = {key_of(start): _goods_node(start, 0, start=True)}
    edges: list[tuple[str, str]] = []
    for network, way in ((seen.forward, 1), (seen.backward, -1)):
        for goods, depth in network.depths.items():
            nodes.setdefault(key_of(goods), _goods_node(goods, way * depth * 2))
        for step in network.steps:
            links = network.links(step)
            near = [link for link in links if (link.role == "input") == (way > 0)]
            depths = [network.depths[link.goods] for link in near if link.goods in network.depths]
            if not depths:
                continue
            name = f"step {step}"
            moved = [reader.words("Step"), step, reader.showing.time(max(link.occurred_at for link in links))]
            nodes.setdefault(name, Node(name, "step", way * (min(depths) * 2 + 1), moved))
            for link in links:
                if link.goods not in network.depths:
                    continue
                pair = (key_of(link.goods), name) if link.role == "input" else (name, key_of(link.goods))
                if pair not in edges:
                    edges.append(pair)
    for place in seen.stock:
        if place["stock"]:
            name = f"stock {place['record_key']}"
            held = f"{reader.showing.quantity(place['stock'])} {place['unit']}"
            where = f"{place['warehouse']} {place['location'] or ''}".strip()
            nodes[name] = Node(name, "stock", 1, [reader.words("In stock"), held, where])
            edges.append((key_of(start), name))
    for each in seen.out:
        name = f"account {each['account']} of {each['key']}"
        sent = reader.showing.quantity(each["quantity"])
        papers = reader.words.count("{n} document|{n} documents", each["documents"])
        nodes[name] = Node(name, "account", each["depth"] * 2 + 1, [each["account"], f"{sent} {each['unit']}", papers])
        edges.append((each["key"], name))
    return list(nodes.values()), edges


def _goods_node(goods: Goods, level: int, start: bool = False) -> Node:
    name = goods.serial_code or goods.lot_code or goods.item_code
    item = " ".join(part for part in (goods.item_class, goods.item_code, goods.variant) if part)
    more = [goods.lot_code] if goods.serial_code and goods.lot_code else []
    where = address("/trace", key=key_of(goods)) if goods.traced else ""
    return Node(key_of(goods), "goods", level, [name, item, *more], where, start)
