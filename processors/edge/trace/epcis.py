"""A recall as a document of EPCIS 2.0, the GS1 standard in which trading partners exchange what happened to goods.

What was received, made and shipped, and as last events, at the time of the recall, what stands where: `recalled`.
Names are of `identifiers`. Quantities carry a unit of UN/ECE Recommendation 20; one that has none there stands in
`lotstream:quantities` beside the event.
"""

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Final

from processors.domain import quantity
from processors.domain.calendar import time_text
from processors.domain.lineage_graph import Goods
from processors.edge.store.queries_trace import Paper, goods_order
from processors.edge.trace.identifiers import name_of, own
from processors.edge.trace.network import Link
from processors.edge.trace.recall import Recall

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EVENTS: Final = uuid.UUID("8b0ac5ad-6f3b-5b0c-9d0e-1f7a4c2b6e11")
"""Ids of events are derived from what they tell: the same event has the same id in every document."""
UNITS: Final = {
    "KG": "KGM", "G": "GRM", "T": "TNE", "LB": "LBR", "L": "LTR", "LT": "LTR", "ML": "MLT", "CL": "CLT", "HL": "HLT",
    "M": "MTR", "MT": "MTR", "CM": "CMT", "MM": "MMT", "M2": "MTK", "MQ": "MTK", "M3": "MTQ", "MC": "MTQ",
}  # fmt: skip
"""Management units that people use → UN/ECE Recommendation 20."""
PIECES: Final = frozenset(["PC", "PCS", "PZ", "NR", "EA", "U", "BUC"])
"""Units that count things: EPCIS has them without a unit."""
TRANSACTIONS: Final = {
    "purchase_delivery_note": "recadv", "sales_delivery_note": "desadv", "subcontract_delivery_note": "desadv",
    "sales_invoice": "inv", "purchase_invoice": "inv", "customer_order": "po", "production_order": "prodorder",
    "return": "rma",
}  # fmt: skip
Event = dict[str, Any]


def document(found: Recall) -> dict[str, Any]:
    """The EPCISDocument of a recall; events in the order of time."""
    events = sorted(_events(found), key=lambda event: (event["eventTime"], event["eventID"]))
    return {
        "@context": [CONTEXT, {"lotstream": "urn:lotstream:"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": time_text(found.at),
        "epcisBody": {"eventList": events},
    }


def _events(found: Recall) -> Iterator[Event]:
    pieces: dict[tuple[Any, ...], list[Goods]] = {}
    for paper in found.pieces_out:
        pieces.setdefault((paper.goods[:4], paper.movement_id), []).append(paper.goods)
    for balance in found.known.balances.values():
        for paper in balance.receipts:
            yield _moved(found, paper, "receiving", "in_progress", "sourceList", "source", ())
        for paper in balance.shipments:
            out = pieces.get((paper.goods[:4], paper.movement_id), ())
            yield _moved(found, paper, "shipping", "in_transit", "destinationList", "destination", out)
    for step in found.network.steps:
        yield from _made(found, step)
    yield from _standing(found)


def _moved(
    found: Recall, paper: Paper, step: str, disposition: str, parties: str, party: str, pieces: Iterable[Goods]
) -> Event:
    event = _event("ObjectEvent", paper.occurred_at, step, *paper.goods, paper.movement_id, paper.warehouse)
    event |= {"action": "OBSERVE", "bizStep": step, "disposition": disposition}
    event["readPoint"] = {"id": own("warehouse", paper.warehouse)}
    named = [name_of(piece, found.items.get(piece[:2], {})) for piece in pieces]
    if named:
        event["epcList"] = sorted(named)
    else:
        _put(event, found, "epcList", "quantityList", [(paper.goods, paper.quantity, paper.unit)])
    if paper.document_number is not None:
        transaction = {"bizTransaction": own("document", paper.document_type or "", paper.document_number)}
        if paper.document_type in TRANSACTIONS:
            transaction["type"] = TRANSACTIONS[paper.document_type]
        event["bizTransactionList"] = [transaction]
    if paper.account is not None:
        event[parties] = [{"type": "owning_party", party: own("account", paper.account)}]
    return event


def _made(found: Recall, step: str) -> Iterator[Event]:
    """A transformation; one that has one side only (goods in production, a traced sale) is none for EPCIS."""
    links = found.network.links(step)
    inputs = [link for link in links if link.role == "input"]
    outputs = [link for link in links if link.role == "output"]
    if inputs and outputs:
        at = max(link.occurred_at for link in links)
        event = _event("TransformationEvent", at, step)
        event |= {"transformationID": own("transformation", step), "bizStep": "commissioning", "disposition": "active"}
        _put(event, found, "inputEPCList", "inputQuantityList", _amounts(found, inputs))
        _put(event, found, "outputEPCList", "outputQuantityList", _amounts(found, outputs))
        yield event


def _amounts(found: Recall, links: Iterable[Link]) -> list[tuple[Goods, int, str]]:
    return [(link.goods, link.quantity, found.items.get(link.goods[:2], {}).get("unit", "")) for link in links]


def _standing(found: Recall) -> Iterator[Event]:
    places: dict[tuple[str, str], list[tuple[Goods, int, str]]] = {}
    pieces = {**found.pieces, **found.known.serials}
    by_piece = {piece[:4] for piece in pieces}
    for place in found.known.standing:
        if place.stock > 0 and place.goods[:4] not in by_piece:
            amount = (place.goods, place.stock, place.unit)
            places.setdefault((place.warehouse, place.location or ""), []).append(amount)
    for piece, facts in pieces.items():
        if facts.state != "out":
            amount = (piece, quantity.ONE, "")
            places.setdefault((facts.warehouse or "", facts.location or ""), []).append(amount)
    for (warehouse, location), amounts in sorted(places.items()):
        event = _event("ObjectEvent", found.at, "recall", *found.start, warehouse, location)
        event |= {"action": "OBSERVE", "bizStep": "holding", "disposition": "recalled"}
        event["readPoint"] = event["bizLocation"] = {
            "id": own("warehouse", warehouse, *([location] if location else []))
        }
        amounts.sort(key=lambda amount: goods_order(amount[0]))
        _put(event, found, "epcList", "quantityList", amounts)
        yield event


def _event(kind: str, at: int, *told: str | None) -> Event:
    name = "|".join([kind, str(at), *(part or "" for part in told)])
    return {
        "type": kind,
        "eventID": f"urn:uuid:{uuid.uuid5(EVENTS, name)}",
        "eventTime": time_text(at),
        "eventTimeZoneOffset": "+00:00",
    }


def _put(event: Event, found: Recall, epcs: str, quantities: str, amounts: Iterable[tuple[Goods, int, str]]) -> None:
    """Enter goods: serials one by one, the rest with their quantities."""
    for goods, amount, unit in amounts:
        name = name_of(goods, found.items.get(goods[:2], {}))
        if goods.serial_code is not None:
            event.setdefault(epcs, []).append(name)
            continue
        element: dict[str, Any] = {"epcClass": name}
        code = unit.upper()
        if code in UNITS or code in PIECES:
            element["quantity"] = float(quantity.text(amount))
            if code in UNITS:
                element["uom"] = UNITS[code]
        else:
            told = {"epcClass": name, "quantity": quantity.text(amount), "unit": unit}
            event.setdefault("lotstream:quantities", []).append(told)
        event.setdefault(quantities, []).append(element)
