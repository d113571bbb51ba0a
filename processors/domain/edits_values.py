"""New values of an edit: text in JSON form read as what the field holds (`contract.md` §2, register-edits).

Text stands for itself, a day as `2026-11-21`, a flag as `true` or `false`; null clears, which a flag cannot be.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from processors.domain import calendar, keys
from processors.domain.form import CODE_LENGTH_MAX
from processors.domain.movement import DocumentType, RegisterEdit
from processors.domain.refusals import Reason

Read = Callable[[str | None], object]
"""Text in JSON form → value. ValueError says what was expected and what came."""

Values = dict[str, Any]
"""Field of the register → new value."""


def read_code(text: str | None) -> str | None:
    """Text of at most 50 characters."""
    if text is not None and not 0 < len(text) <= CODE_LENGTH_MAX:
        raise ValueError(
            f"expected 1 to {CODE_LENGTH_MAX} characters, or null to clear, got {len(text)}: {text[:60]!r}"
        )
    return text


def read_note(text: str | None) -> str | None:
    """Text of any length."""
    if text == "":
        raise ValueError("expected text, or null to clear, got an empty one")
    return text


def read_day(text: str | None) -> int | None:
    return None if text is None else calendar.parse_day(text)


def read_flag(text: str | None) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"expected true or false, got {'null' if text is None else repr(text)}")
    return text == "true"


def read_document(text: str | None) -> str | None:
    """A document as `type|number`, the key form of both."""
    if text is None:
        return None
    parts = keys.split(text)
    if len(parts) != 2 or parts[0] not in get_args(DocumentType) or not parts[1]:
        raise ValueError(f"expected a document such as customer_order|4711, or null to clear, got {text!r}")
    return text


LOT_FIELDS: Final[Mapping[str, Read]] = {
    "supplier_lot": read_code,
    "customer_lot": read_code,
    "notes": read_note,
    "start_date": read_day,
    "expiry_date": read_day,
    "status": read_code,
    "evaluation": read_code,
    "label_type": read_code,
    "available": read_flag,
    "closed": read_flag,
}
SERIAL_FIELDS: Final[Mapping[str, Read]] = {
    "customer_code": read_code,
    "supplier_code": read_code,
    "start_date": read_day,
    "expiry_date": read_day,
    "cancelled": read_flag,
    "force_closed": read_flag,
    "reserved": read_flag,
    "reserved_for": read_document,
}


def field_of(name: str) -> str:
    """The field that a reason about a change names."""
    return f"changes.{name}"


def read_changes(request: RegisterEdit, reasons: list[Reason]) -> Values:
    """The new values, by field; adds what cannot be edited and what cannot be read."""
    fields = LOT_FIELDS if request.register == "lot" else SERIAL_FIELDS
    if not request.changes:
        reasons.append(Reason("field-invalid", "an edit changes something; name a field and its new value", "changes"))
    values: Values = {}
    for name, text in sorted(request.changes.items()):
        read = fields.get(name)
        if read is None:
            known = ", ".join(fields)
            message = f"expected a field of a {request.register} that may be edited ({known}), got {name[:60]!r}"
            reasons.append(Reason("edit-field-unknown", message, field_of(name[:60])))
            continue
        try:
            values[name] = read(text)
        except ValueError as failure:
            reasons.append(Reason("field-invalid", f"{failure}; correct it", field_of(name)))
    return values
