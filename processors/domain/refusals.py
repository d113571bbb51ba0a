"""Why something is not taken: stable codes in order of precedence (`contract.md` §4), and how an answer lists them."""

from dataclasses import dataclass
from typing import Final

CODES: Final = tuple(
    """message-undecodable key-mismatch field-invalid time-in-future too-many-pieces movement-id-reused
    item-unknown variant-unknown template-unknown warehouse-unknown location-unknown unit-unknown account-unknown
    status-unknown list-type-unknown
    quantity-not-positive quantity-not-whole date-outside-period document-missing account-missing
    lot-missing lot-quantities-differ lot-not-managed serial-not-managed serial-count-differs serial-repeated
    lot-exists lot-other-supplier lot-unknown lot-closed lot-unavailable lot-status-unavailable lot-blocked
    stock-insufficient serial-unknown serial-in-stock serial-not-in-stock serial-cancelled serial-force-closed
    serial-reserved withdrawal-manual code-type-unknown code-part-missing code-too-long progressive-exhausted
    movement-unknown movement-already-reversed reversal-impossible reservation-unknown template-offset-invalid
    edit-field-unknown edit-not-allowed inventory-unknown inventory-closed list-unknown list-not-open
    not-the-operator barcode-unknown barcode-invalid item-needed location-needed lot-needed serial-needed
    quantity-needed ask-add-or-replace serial-already-counted line-unknown line-changed line-too-old
    template-missing template-not-for-inventory master-invalid internal-error""".split()
)
REASONS_MAX: Final = 100
"""Reasons in one refusal: an answer about 50,000 bad lines must not be larger than its topic takes."""
MESSAGE_LENGTH_MAX: Final = 1000
FIELD_LENGTH_MAX: Final = 200
ORDER: Final = {code: place for place, code in enumerate(CODES)}


@dataclass(slots=True)
class Reason:
    """One reason: a stable code, a message that says what came and what mends it, the field it is about."""

    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """All reasons that apply, in the order of `CODES`."""

    reasons: tuple[Reason, ...]

    @staticmethod
    def of(reasons: list[Reason]) -> "Refusal":
        """A refusal with its reasons put in order, at least one; of very many the first, and how many more."""
        assert reasons, "a refusal has a reason"
        told = [_short(reason) for reason in sorted(reasons, key=lambda reason: ORDER[reason.code])[:REASONS_MAX]]
        if more := len(reasons) - len(told):
            told[-1].message += f" (and {more} reasons more)"
        return Refusal(tuple(told))

    @property
    def code(self) -> str:
        """The first code, the one that stands in a dead letter's `error-code` header."""
        return self.reasons[0].code

    @property
    def kind(self) -> str:
        """`poison` for what cannot be read, `internal` for a bug of ours, else `rule`."""
        match self.code:
            case "message-undecodable" | "key-mismatch":
                return "poison"
            case "internal-error":
                return "internal"
            case _:
                return "rule"


def _short(reason: Reason) -> Reason:
    """The reason, cut where it repeats something endless of the message."""
    message, field = reason.message, reason.field
    if len(message) > MESSAGE_LENGTH_MAX:
        message = message[: MESSAGE_LENGTH_MAX - 1] + "…"
    if field is not None and len(field) > FIELD_LENGTH_MAX:
        field = field[: FIELD_LENGTH_MAX - 1] + "…"
    return Reason(reason.code, message, field)
