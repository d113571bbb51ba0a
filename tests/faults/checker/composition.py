"""Generated codes once more, from `domain.md` §6: the parts of a code type, joined for an ordinal."""

from datetime import UTC, date, datetime
from typing import Any

from tests.faults.checker.history import Value, key_of

DATES = {"day": "%d", "month": "%m", "year": "%Y"}


def compose(code_type: Value, fields: Value, ordinal: int) -> str:
    """The code of an ordinal; `fields`: part field → its full text, missing ones left out."""
    number, letters = _progressive(code_type, ordinal)
    texts = []
    for part in code_type["parts"]:
        name, length, fill = part["field"], part["length"], part["fill"] or ""
        text = {"number": number, "letters": letters}.get(name, fields.get(name) or "")
        if length is not None and len(text) > length:
            text = text[-length:] if name.split("_")[0] in ("insert", "expiry") else text[:length]
        texts.append(text.rjust(length, fill) if length is not None and fill else text)
    return "".join(texts)


def root_of(code_type: Value, fields: Value) -> str:
    """The root key of a counter: the full values of the root's fields."""
    return key_of(*(fields.get(name) or "" for name in code_type["root"])) if code_type["root"] else ""


def fields_of(item: Value, row: Value, movement: Value, master: dict[str, dict[str, Any]]) -> Value:
    """The texts of the part fields for a lot or serial row of an item, which `movement` brought first."""
    names = ("item_class", "item_code", "characteristic", "product_category", "item_type")
    fields: Value = {name: item[name] for name in names}
    fields |= {name: row.get(name) for name in ("variant", "lot_code", "lot_type", "supplier_lot")}
    created = datetime.fromtimestamp(row["created_at"] / 1000, UTC)
    fields |= {f"insert_{part}": created.strftime(form) for part, form in DATES.items()}
    if row.get("expiry_date") is not None:
        expiry = date.fromordinal(row["expiry_date"] + date(1970, 1, 1).toordinal())
        fields |= {f"expiry_{part}": expiry.strftime(form) for part, form in DATES.items()}
    year, month = str(created.year), str(created.month)
    fields["year_letter"] = master["year_letter"].get(year, {}).get("letter")
    fields["month_letter"] = master["month_letter"].get(month, {}).get("letter")
    account = master["account"].get(key_of(movement.get("account") or ""), {})
    fields["supplier_short_name"] = account.get("short_name") if account.get("kind") == "supplier" else None
    kind, number = movement.get("document_type"), movement.get("document_number")
    fields["purchase_invoice_number"] = movement.get("purchase_invoice_number") or (
        number if kind == "purchase_invoice" else None
    )
    fields["delivery_note_number"] = movement.get("delivery_note_number") or (
        number if kind == "purchase_delivery_note" else None
    )
    return fields


def _progressive(code_type: Value, ordinal: int) -> tuple[str, str]:
    parts = {part["field"]: part for part in code_type["parts"]}
    number, letters, start = parts.get("number"), parts.get("letters"), code_type["start_number"]
    wraps, shown = ordinal, start + ordinal
    if number is not None:
        wraps = 0
        if number["length"] is not None:
            wraps, shown = (
                ordinal // (10 ** number["length"] - start),
                start + ordinal % (10 ** number["length"] - start),
            )
    return str(shown), "" if letters is None else _letters(code_type["start_letters"], letters["length"], wraps)


def _letters(first: str, length: int | None, further: int) -> str:
    """Base 26 with a length (A is 0), else A to Z, AA, AB … (A is 1)."""
    one = 0 if length is not None else 1
    value, text = 0, ""
    for letter in first:
        value = value * 26 + ord(letter) - 65 + one
    value += further
    while value >= one and (value > 0 or not text):
        value, digit = divmod(value - one, 26)
        text = chr(65 + digit) + text
    return text if length is None else text.rjust(length, "A")
