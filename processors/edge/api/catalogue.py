"""What can be looked up: each register and history with its path, its filters and its orders."""

from typing import Final, get_args

from processors.contract.manifest import MANIFEST
from processors.domain.count_registers import LineState, ListState
from processors.edge.api.entry import Entry, entry, record_of, symbols
from processors.edge.api.filters import Filter, days, flag, text, through, times
from processors.edge.store.queries_registers import DEAD_LETTER_TOPIC, DIFFERENCES

INPUTS: Final = tuple(name for name, topic in MANIFEST.items() if topic.kind == "input")
_TEXT: Final = "string"
_MAYBE_TEXT: Final = ["null", "string"]
_DECIMAL: Final = ["null", {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 6}]
_TIME: Final = {"type": "long", "logicalType": "timestamp-millis"}


_KEY: Final = Filter("key", "key", ("record_key",), "The record's key, whole.")
_ITEM: Final = (
    Filter("item", "item", (), "CLASS|CODE, or CLASS|CODE|VARIANT."),
    text("item_class", "item_class", "Class of the item."),
    text("item_code", "item_code", "Code of the item."),
    text("variant", "variant", "Variant; empty: items without."),
)
_LOT: Final = text("lot", "lot_code", "Lot code; empty: without a lot.")
_SERIAL: Final = text("serial", "serial_code", "Serial code.")
_PLACE: Final = (
    text("warehouse", "warehouse", "Warehouse."),
    text("location", "location", "Location in the warehouse; empty: none."),
)
_EXPIRY: Final = days("expires", "expiry_date", "Last day")
_START: Final = days("starts", "start_date", "First day")
_OF_DOCUMENT: Final = (
    Filter("document_type", "documented", (), "Type of a document in its history.", "type"),
    Filter("document_number", "documented", (), "Number of a document in its history.", "number"),
)
_DOCUMENT: Final = (
    text("document_type", "document_type", "Type of the document."),
    text("document_number", "document_number", "Number of the document."),
)
_COUNT: Final = (
    text("inventory", "inventory", "Number of the inventory."),
    text("list", "list", "Number of the list in its inventory."),
)
_OF_LOT: Final = through(
    "lot-register",
    text("supplier_lot", "supplier_lot", "The supplier's code of its lot."),
    text("customer_lot", "customer_lot", "The customer's code of its lot."),
)
_LOT_STANDS: Final = through(
    "lot-register",
    text("status", "status", "Status of its lot; empty: none."),
    flag("available", "available", "Whether its lot may be withdrawn."),
    flag("closed", "closed", "Whether its lot was closed by hand."),
)
"""As a stock row's lot is: those without a lot fit none of it."""
_MOVEMENT: Final = text("movement", "movement_id", "Id of the movement.")


def _search(*columns: str) -> Filter:
    return Filter("search", "search", columns, f"Part of {', '.join(columns)}, in any case.")


_LINE_FILTERS: Final = (
    _KEY,
    *_COUNT,
    text("line", "line", "Number of the line in its list."),
    *_ITEM,
    *_PLACE,
    _LOT,
    _SERIAL,
    text("state", "state", "State of the line.", get_args(LineState)),
    text("operator", "operator", "Who counted."),
    text("device", "device", "On which device."),
    *times("counted", "counted_at", "Moment of the count"),
    flag("moved_during_count", "moved_during_count", "Whether goods moved between the line's first and last read."),
)

CATALOGUE: Final = (
    entry(
        "lots",
        "lot-register",
        "Lots",
        (
            _KEY,
            *_ITEM,
            _LOT,
            _search("lot_code", "item_code", "supplier_lot", "customer_lot", "notes"),
            text("supplier", "supplier", "Supplier of the first load."),
            text("supplier_lot", "supplier_lot", "The supplier's lot code."),
            text("customer_lot", "customer_lot", "The customer's lot code."),
            text("status", "status", "Lot status; empty: none."),
            text("lot_type", "lot_type", "Lot type."),
            flag("available", "available", "Whether the lot may be withdrawn."),
            flag("closed", "closed", "Whether the lot was closed by hand."),
            flag("found", "found", "Whether a count found it, and no document has told of it since."),
            text("evaluation", "evaluation", "Evaluation; empty: none."),
            *through("serial-register", text("serial", "serial_code", "Code of a serial number in it.")),
            *days("warns", "warn_from", "Day from which it is warned of"),
            *days("blocks", "block_from", "Day from which it is blocked"),
            *times("updated", "updated_at", "Last change"),
            Filter("open", "stocked", ("stock",), "Whether the lot has stock."),
            *_EXPIRY,
            *_START,
            Filter("warehouse", "held", (), "A warehouse in which it has stock.", "warehouse"),
            Filter("location", "held", (), "A location at which it has stock.", "location"),
            *_OF_DOCUMENT,
        ),
        ("", "expiry_date", "start_date", "created_at", "updated_at", "stock"),
    ),
    entry(
        "serials",
        "serial-register",
        "Serial numbers",
        (
            _KEY,
            *_ITEM,
            _LOT,
            _SERIAL,
            _search("serial_code", "lot_code", "item_code", "supplier_code", "customer_code"),
            text("state", "state", "Where the piece is.", symbols(record_of("serial-register"), "state")),
            *_PLACE,
            text("supplier", "supplier", "Supplier."),
            text("supplier_code", "supplier_code", "The supplier's code of the piece."),
            text("customer_code", "customer_code", "The customer's code of the piece."),
            *_OF_LOT,
            flag("reserved", "reserved", "Whether it is reserved."),
            text("reserved_for", "reserved_for", "Document that reserved it."),
            flag("cancelled", "cancelled", "Whether it was cancelled."),
            flag("force_closed", "force_closed", "Whether it was closed by force."),
            *times("updated", "updated_at", "Last change"),
            *_EXPIRY,
            *_START,
            *_OF_DOCUMENT,
        ),
        ("", "expiry_date", "created_at", "updated_at"),
    ),
    entry(
        "stock",
        "stock-register",
        "Stock by item, warehouse, location and lot",
        (
            _KEY,
            *_ITEM,
            *_PLACE,
            _LOT,
            Filter("open", "stocked", ("stock",), "Whether there is stock."),
            Filter("committed", "stocked", ("committed",), "Whether some of it is reserved."),
            *through("serial-register", text("serial", "serial_code", "Code of a serial number that is there.")),
            *_OF_LOT,
            *_LOT_STANDS,
            *through("lot-register", *_EXPIRY),
            *times("moved", "last_moved_at", "Last movement"),
        ),
        ("", "last_moved_at", "stock"),
    ),
    entry(
        "reservations",
        "reservation-register",
        "Reservations",
        (
            _KEY,
            *_ITEM,
            *_PLACE,
            _LOT,
            _SERIAL,
            *_DOCUMENT,
            Filter("open", "stocked", ("committed",), "Still held."),
            *_OF_LOT,
            *times("reserved", "reserved_at", "When it was reserved"),
        ),
        ("", "reserved_at"),
    ),
    entry(
        "counters",
        "counter-register",
        "Progressives, by partition",
        (
            _KEY,
            text("code_type", "code_type", "Code type."),
            text("kind", "kind", "Of lots or serials.", ("lot", "serial")),
            text("scope", "scope", "One a item, or one for the company.", ("item", "company")),
            *_ITEM,
        ),
        ("", "updated_at", "assigned"),
    ),
    entry(
        "inventories",
        "inventory-register",
        "Inventories",
        (
            _KEY,
            _COUNT[0],
            _search("inventory", "description", "notes"),
            text("state", "state", "State.", ("open", "closed")),
            text("operator", "operator", "Who is in charge."),
            *days("date", "date", "Date of the inventory"),
        ),
        ("", "date", "opened_at"),
    ),
    entry(
        "lists",
        "count-list-register",
        "Count lists",
        (
            _KEY,
            *_COUNT,
            text("state", "state", "State.", get_args(ListState)),
            text("list_type", "list_type", "List type."),
            text("warehouse", "warehouse", "Warehouse."),
            text("operator", "operator", "Who counts."),
        ),
        ("", "opened_at"),
    ),
    entry("lines", "count-line-register", "Counted lines", _LINE_FILTERS, ("", "counted_at", "difference", "value")),
    Entry(
        "differences",
        DIFFERENCES,
        "Differences: lines that differ, wait for somebody, or were corrected since",
        _LINE_FILTERS,
        record_of("count-line-register"),
        ("", "value", "difference", "counted_at"),
        fields=(("template", _MAYBE_TEXT), ("cost", _DECIMAL), ("corrected", _DECIMAL)),
    ),
    entry(
        "adjustments",
        "adjustments",
        "Adjustments posted by counts, and corrections since",
        (
            *_COUNT,
            text("line", "line", "Number of the line in its list."),
            *_ITEM,
            *_PLACE,
            _LOT,
            _SERIAL,
            text("kind", "kind", "What it is.", symbols(record_of("adjustments"), "kind")),
            text("direction", "direction", "load: found more; unload: found less.", ("load", "unload")),
            text("operator", "operator", "Who counted."),
            text("reason_code", "reason_code", "Reason."),
            text("adjustment", "adjustment_id", "Id of the adjustment."),
            *times("counted", "counted_at", "Moment of the count"),
            *times("settled", "settled_at", "When it was settled"),
        ),
        ("settled_at", "counted_at", "value"),
        newest_first=True,
    ),
    entry(
        "movements",
        "postings",
        "What was moved: one posting for each stock row that a movement touched",
        (
            *_ITEM,
            *_PLACE,
            _LOT,
            _MOVEMENT,
            text("template", "template", "Template."),
            *_DOCUMENT,
            text("account", "account", "Customer or supplier."),
            text("project", "project", "Project."),
            text("user", "user", "Who posted it."),
            text("adjustment", "adjustment_id", "The count's adjustment; empty: movements proper."),
            *times("occurred", "occurred_at", "When it happened"),
            *times("posted", "posted_at", "When it was posted"),
        ),
        ("posted_at", "occurred_at"),
        newest_first=True,
    ),
    entry(
        "history",
        "register-history",
        "Documents in the life of lots and serials",
        (
            *_ITEM,
            _LOT,
            _SERIAL,
            text("register", "register", "Of a lot or a serial.", ("lot", "serial")),
            text(
                "direction", "direction", "What the document did.", symbols(record_of("register-history"), "direction")
            ),
            *_PLACE,
            *_DOCUMENT,
            _MOVEMENT,
            text("template", "template", "Template."),
            text("account", "account", "Customer or supplier."),
            text("project", "project", "Project."),
            text("status", "status", "Status of the lot by then; empty: none."),
            flag("reversed", "reversed", "Whether it was taken back."),
            *times("occurred", "occurred_at", "When it happened"),
        ),
        ("occurred_at", "inserted_at"),
        newest_first=True,
    ),
    entry(
        "lineage",
        "lineage",
        "What went into what, edge by edge",
        (
            text("transformation", "transformation_id", "The transformation."),
            text("role", "role", "Taken in or brought out.", ("input", "output")),
            *_ITEM,
            _LOT,
            _SERIAL,
            _MOVEMENT,
            text("account", "account", "Customer or supplier."),
            *times("occurred", "occurred_at", "When it happened"),
        ),
        ("occurred_at",),
        newest_first=True,
    ),
    entry(
        "alerts",
        "alerts",
        "Alerts",
        (
            text("kind", "kind", "Kind.", symbols(record_of("alerts"), "kind")),
            *_ITEM,
            _LOT,
            _SERIAL,
            *_PLACE,
            *_COUNT,
            *times("at", "at", "Moment"),
        ),
        ("at",),
        newest_first=True,
    ),
    entry(
        "feedback",
        "scan-feedback",
        "Answers to reads",
        (
            text("scan", "scan_id", "Id of the read."),
            *_COUNT,
            text("operator", "operator", "Who counts."),
            text("device", "device", "The device."),
            text("status", "status", "What came of it.", symbols(record_of("scan-feedback"), "status")),
            text("code", "code", "Code of what is asked or refused."),
            *times("decided", "decided_at", "Time of the answer"),
        ),
        ("decided_at",),
        newest_first=True,
    ),
    entry(
        "replies",
        "replies",
        "Answers to movements, edits and commands",
        (
            text("topic", "request_topic", "Topic of the request."),
            text("request", "request_id", "Id of the request."),
            text("status", "status", "What became of it.", symbols(record_of("replies"), "status")),
            *times("decided", "decided_at", "Time of the request"),
        ),
        ("decided_at",),
        newest_first=True,
    ),
    Entry(
        "master-data",
        "master-register",
        "Master data as accepted",
        (_KEY, text("kind", "kind", "Kind of the record, as in its key."), text("id", "id", "Id within its kind.")),
        None,
        fields=(("kind", _TEXT), ("id", _TEXT), ("record", {"type": "record", "name": "Master", "fields": []})),
    ),
    Entry(
        "dead-letters",
        DEAD_LETTER_TOPIC,
        "Inputs that were not taken",
        (
            text("topic", "topic", "The input.", INPUTS),
            text("code", "error_code", "Code of the first reason."),
            text("kind", "error_kind", "poison: unreadable; rule: refused; late; internal: our fault."),
            _search("error_message", "decoded"),
            *times("refused", "refused_at", "When it was refused"),
        ),
        None,
        ("refused_at",),
        newest_first=True,
        fields=(
            ("topic", _TEXT),
            ("topic_offset", "long"),
            ("record_key", ["null", "bytes"]),
            ("error_code", _TEXT),
            ("error_kind", _TEXT),
            ("error_message", _TEXT),
            ("error_attempt", "int"),
            ("error_exception", _MAYBE_TEXT),
            ("error_partition", ["null", "int"]),
            ("error_offset", ["null", "long"]),
            ("refused_at", _TIME),
            ("decoded", ["null", {"type": "record", "name": "Decoded", "fields": []}]),
        ),
    ),
)
BY_PATH: Final = {each.path: each for each in CATALOGUE}
