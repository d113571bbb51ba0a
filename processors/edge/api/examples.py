"""Examples for the OpenAPI description: requests of a small company, and values of fields by their names."""

from typing import Any, Final

MOVEMENT: Final = {
    "movement_id": "PN-2026-118/1",
    "action": "post",
    "template": "PUR",
    "warehouse": "RAW",
    "item_class": "ING",
    "item_code": "FLOUR",
    "quantity": "4",
    "unit": "BAG",
    "effective_date": "2026-11-21",
    "document_type": "purchase_delivery_note",
    "document_number": "118",
    "account": "MILL",
    "lots": [{"quantity": "4", "supplier_lot": "M/26-311"}],
}
EDIT: Final = {
    "edit_id": "E-2026-7",
    "register": "lot",
    "item_class": "ING",
    "item_code": "FLOUR",
    "lot_code": "F26-00001",
    "changes": {"available": "false", "notes": "damp sacks"},
}
COUNT: Final = {"command_id": "C-2026-3", "action": "close_list", "inventory": "2026-11", "list": "A"}
SCAN: Final = {
    "scan_id": "handheld-7/000123",
    "inventory": "2026-11",
    "list": "A",
    "device": "handheld-7",
    "scanned_at": "2026-11-21T08:30:00Z",
    "action": "confirm",
    "barcode": "ItemQty-ING-FLOUR-12",
}
_FIELDS: Final[dict[str, Any]] = {
    "key": "ING|FLOUR||F26-00001",
    "id": "3-1207",
    "item_class": "ING",
    "item_code": "FLOUR",
    "variant": None,
    "lot_code": "F26-00001",
    "serial_code": "S-000017",
    "supplier_lot": "M/26-311",
    "warehouse": "RAW",
    "location": "A-01",
    "unit": "KG",
    "inventory": "2026-11",
    "list": "A",
    "line": "1",
    "operator": "anna",
    "document_type": "purchase_delivery_note",
    "document_number": "118",
    "account": "MILL",
    "template": "PUR",
    "movement_id": "PN-2026-118/1",
    "request_id": "PN-2026-118/1",
}


def of_schema(schema: dict[str, Any]) -> Any:
    """A value that a JSON Schema of `forms` admits, told by the names of its fields."""
    if "properties" in schema:
        properties: dict[str, dict[str, Any]] = schema["properties"]
        return {name: _of_field(name, each) for name, each in properties.items()}
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind, schema.get("format"):
        case "string", "date":
            return "2026-11-21"
        case "string", "date-time":
            return "2026-11-21T08:30:00.000Z"
        case "string", _:
            return "12.5" if "pattern" in schema else "text"
        case "integer", _:
            return 1
        case "boolean", _:
            return True
        case "array", _:
            return []
        case _:
            return {}


def _of_field(name: str, schema: dict[str, Any]) -> Any:
    known = _FIELDS.get(name, _FIELDS)
    if known is not _FIELDS and "enum" not in schema and not (known is None and schema.get("type") == "string"):
        return known
    return of_schema(schema)
