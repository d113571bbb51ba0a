"""A company that lives now: its workers in memory, its registers in a store, its console on a port of this machine."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI

from processors.edge.api.app import Settings, build
from processors.edge.api.tokens import Tokens
from processors.edge.console.routes import router
from processors.edge.store.engine import Store
from processors.edge.trace.routes import router as trace_router
from processors.embedded import demo
from tests.edge.api.company import Company

LIMIT_S = 20.0
INVENTORY = "2026-H2"
LONG = "A-CODE-OF-50-CHARACTERS/WITHOUT/A/PLACE-TO-BREAK-I"


class LivingCompany(Company):
    """A company whose clock is the one on the wall, so that pages about the last hour have something to show."""

    def look(self) -> None:
        """What a projection does again and again: note that it is there."""
        with self._lock:
            self._writer.look({})

    def publish(self, topic: str, value: object, *more: Any, **others: Any) -> None:
        self.now_ms = max(self.now_ms, time.time_ns() // 1_000_000 - 1000)
        super().publish(topic, value, *more, **others)


def living_company(store: Store) -> LivingCompany:
    """The demo company, a second inventory with lines that wait and lines that were settled, and what was refused."""
    now = datetime.now(demo.ZONE)
    company = LivingCompany(store)
    company.now_ms = int(now.timestamp() * 1000)
    company.lines("master-data", demo.master_data(now.date()))
    company.lines("movements", demo.movements(now.date()))
    for topic, lines in demo.counting(now.date(), datetime.now(UTC).isoformat()):
        company.lines(topic, lines)
    _master(company)
    _count(company)
    return company


def _master(company: Company) -> None:
    review = {
        "code": "REVIEW", "description": "Differences are approved by a supervisor", "maintain_location": True,
        "uncounted": "ignore", "tolerance_quantity": "2", "beyond_tolerance": "approval",
    }  # fmt: skip
    company.lines("master-data", [json.dumps({"record": "ListType", "value": review})])
    today = datetime.now(demo.ZONE).date()
    loads = [_a_load(number, today) for number in range(60)]
    loads.append({**_a_load(60, today), "lots": [{"lot_code": LONG, "quantity": "200", "supplier_lot": LONG}]})
    company.lines("movements", map(json.dumps, loads))


def _a_load(number: int, today: date) -> dict[str, Any]:
    quantity = str(20 + number * 3)
    supplier_lot = f"LR/{26 - number % 3}/{number:04d}"
    return {
        "movement_id": f"MORE-{number}", "action": "post", "template": "PUR", "warehouse": "RAW", "quantity": quantity,
        "item_class": "ING", "item_code": "YEAST", "location": f"R-0{number % 3 + 1}",
        "effective_date": today.isoformat(), "document_type": "purchase_delivery_note",
        "document_number": f"5{number:03d}", "document_date": (today - timedelta(days=number)).isoformat(),
        "account": "YEASTCO",
        "lots": [{"lot_code": f"Y{number:03d}", "quantity": quantity, "supplier_lot": supplier_lot}],
    }  # fmt: skip


def _count(company: Company) -> None:
    command = {"inventory": INVENTORY, "by": "ann"}
    opening = [
        {"command_id": "H2-1", "action": "open_inventory", "description": "Half-year count", **command},
        {"command_id": "H2-2", "action": "open_list", "list": "COLD", "list_type": "REVIEW", "warehouse": "RAW",
         "locations": ["R-02"], "operator": "ann", "description": "Cold store", **command},
        {"command_id": "H2-3", "action": "open_list", "list": "DRY", "list_type": "FULL", "warehouse": "RAW",
         "locations": ["R-03"], "operator": "local", "description": "Dry store", **command},
    ]  # fmt: skip
    company.lines("counts", map(json.dumps, opening))
    for number in range(1, 60, 3):
        booked = 20 + number * 3
        counted = booked + (0, -8, 3, 0, 1, -25, 12)[number % 7]
        company.lines("scans", [json.dumps(a_confirm(f"H2-{number}", "COLD", f"Y{number:03d}", str(counted), "ann"))])
    company.lines("counts", [json.dumps({"command_id": "H2-4", "action": "close_list", "list": "COLD", **command})])


def a_confirm(scan_id: str, list: str, lot: str, quantity: str, operator: str) -> dict[str, Any]:
    """A read of yeast and its confirmation in one."""
    now = datetime.now(UTC).isoformat()
    return {
        "scan_id": scan_id, "inventory": INVENTORY, "list": list, "operator": operator, "device": "gun-1",
        "scanned_at": now, "sent_at": now, "action": "confirm", "item_class": "ING", "item_code": "YEAST", "lot": lot,
        "location": "R-02", "quantity": quantity,
    }  # fmt: skip


def app_of(store: Store, company: Company, tokens: Tokens | None = None) -> FastAPI:
    """The edge's app with its console, without a limit on the rate."""
    settings = Settings(tokens=tokens, rate_per_s=10_000, rate_burst=10_000)
    return build(store, company, settings, beside=[trace_router(), router(store, company)])


@contextmanager
def served(app: FastAPI, port: int = 0) -> Iterator[str]:
    """The app on a port of loopback, a free one if none is named; its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + LIMIT_S
    while not server.started:
        assert time.monotonic() < until, "the console did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(LIMIT_S)
