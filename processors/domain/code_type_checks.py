"""What a code type must be to be accepted as master data (`domain.md` §6, §7; architecture §4)."""

from collections.abc import Iterable

from processors.domain.code_fields import LOT_FIELDS, PROGRESSIVE_FIELDS, SERIAL_FIELDS
from processors.domain.code_patterns import overlap
from processors.domain.codes import CODE_LENGTH_MAX
from processors.domain.master import CodePart, CodeType, MasterData
from processors.domain.master_fields import invalid, name_wrong
from processors.domain.refusals import Reason

LENGTHS = f"a length from 1 to {CODE_LENGTH_MAX} characters"


def judge_code_type(record: CodeType, master: MasterData) -> list[Reason]:
    """Every reason against a code type: its parts, its progressive, its root, what it was before, who it overlaps."""
    reasons = rule_wrong(record, master)
    if not reasons and is_company_wide(record, master):
        reasons += overlaps(record, company_wide(record.kind, master), master)
    return reasons


def rule_wrong(record: CodeType, master: MasterData) -> list[Reason]:
    """Every reason against a code type by itself and against what it was before, its neighbours left aside."""
    reasons = name_wrong("code", record.code)
    for place, part in enumerate(record.parts):
        reasons += _part(record, part, f"parts[{place}]")
    reasons += _progressive(record) + _root(record) + _unchanged(record, master)
    if not reasons and (shortest := sum(_shortest(record, part) for part in record.parts)) > CODE_LENGTH_MAX:
        reasons.append(
            Reason(
                "code-too-long",
                f"expected codes of at most {CODE_LENGTH_MAX} characters, got parts that always give at least "
                f"{shortest}: shorten or leave out parts",
                "parts",
            )
        )
    return reasons


def is_company_wide(code_type: CodeType, master: MasterData) -> bool:
    """True where the codes are unique across the company: for lots the company says so, for serials the code type."""
    scope = master.company.lot_code_scope if code_type.kind == "lot" else code_type.scope
    return scope == "company"


def company_wide(kind: str, master: MasterData) -> list[CodeType]:
    """The accepted code types of a kind (`lot`, `serial`) whose codes share one scope: the company."""
    return [
        code_type
        for code_type in master.code_types.values()
        if code_type.kind == kind and is_company_wide(code_type, master)
    ]


def overlaps(record: CodeType, others: Iterable[CodeType], master: MasterData) -> list[Reason]:
    """A reason for each of `others`, code types in the scope of `record`, that can give a code of its too."""
    reasons = []
    for other in others:
        if other.code != record.code:
            code = overlap(record, other, master.year_letters, master.month_letters)
            if code is not None:
                reasons.append(
                    invalid(
                        "parts",
                        f"{record.kind} code types {record.code!r} and {other.code!r} can both give the code {code!r}, "
                        "and codes are unique across the company: let them differ in length, or in a part that is "
                        "never the same",
                    )
                )
    return reasons


def _part(record: CodeType, part: CodePart, path: str) -> list[Reason]:
    fields = LOT_FIELDS if record.kind == "lot" else SERIAL_FIELDS
    reasons = []
    if part.field not in fields:
        reasons.append(
            invalid(f"{path}.field", f"expected a field of a {record.kind} code ({_list(fields)}), got {part.field!r}")
        )
    if part.length is not None and not 1 <= part.length <= CODE_LENGTH_MAX:
        reasons.append(invalid(f"{path}.length", f"expected {LENGTHS}, or none, got {part.length}"))
    if part.fill is not None and len(part.fill) != 1:
        reasons.append(invalid(f"{path}.fill", f"expected one fill character, or none, got {part.fill!r}"))
    elif part.field == "number" and part.fill and part.fill in "123456789":
        reasons.append(
            invalid(
                f"{path}.fill", f"expected 0 or no digit as the fill of a number, got {part.fill!r}: 1 would show as 11"
            )
        )
    return reasons


def _progressive(record: CodeType) -> list[Reason]:
    names = [part.field for part in record.parts]
    reasons = []
    if not record.parts:
        reasons.append(invalid("parts", "expected at least one part, got none"))
    elif not PROGRESSIVE_FIELDS & set(names):
        reasons.append(
            invalid(
                "parts", "expected a part number or letters, got none: without a progressive every code is the same"
            )
        )
    for name in sorted(PROGRESSIVE_FIELDS):
        if names.count(name) > 1:
            reasons.append(invalid("parts", f"expected one part {name} at most, got {names.count(name)}"))
    number = next((part for part in record.parts if part.field == "number"), None)
    letters = next((part for part in record.parts if part.field == "letters"), None)
    if record.start_number < 0:
        reasons.append(invalid("start_number", f"expected a start number from 0, got {record.start_number}"))
    elif number and number.length and len(str(record.start_number)) > number.length:
        reasons.append(
            invalid("start_number", f"expected a start number of {number.length} digits, got {record.start_number}")
        )
    if not record.start_letters or not all("A" <= letter <= "Z" for letter in record.start_letters):
        reasons.append(invalid("start_letters", f"expected letters A to Z, got {record.start_letters!r}"))
    elif len(record.start_letters) > (limit := (letters and letters.length) or CODE_LENGTH_MAX):
        reasons.append(invalid("start_letters", f"expected at most {limit} letters, got {record.start_letters!r}"))
    return reasons


def _root(record: CodeType) -> list[Reason]:
    fields = [
        name for name in (LOT_FIELDS if record.kind == "lot" else SERIAL_FIELDS) if name not in PROGRESSIVE_FIELDS
    ]
    reasons = []
    for place, name in enumerate(record.root):
        if name not in fields:
            reasons.append(invalid(f"root[{place}]", f"expected a field of a root ({_list(fields)}), got {name!r}"))
        elif name in record.root[:place]:
            reasons.append(invalid(f"root[{place}]", f"expected each root field once, got {name!r} again"))
    return reasons


def _unchanged(record: CodeType, master: MasterData) -> list[Reason]:
    """Codes given out would no longer be found, or be given out again, if the rule behind them changed."""
    accepted = master.code_types.get((record.kind, record.code))
    if accepted is None:
        return []
    return [
        invalid(
            name,
            f"{name} of {record.kind} code type {record.code!r} cannot change once accepted: make a new code type and "
            "give it to the items",
        )
        for name in ("scope", "start_number", "start_letters", "parts", "root")
        if getattr(record, name) != getattr(accepted, name)
    ]


def _shortest(record: CodeType, part: CodePart) -> int:
    """Characters that a part shows at the least."""
    match part.field:
        case "letters":
            return part.length or len(record.start_letters)
        case _ if part.length and part.fill:
            return part.length
        case "number":
            return len(str(record.start_number))
        case "insert_day" | "insert_month" | "expiry_day" | "expiry_month":
            return min(2, part.length or 2)
        case "insert_year" | "expiry_year":
            return min(4, part.length or 4)
        case _:
            return 1


def _list(names: list[str] | tuple[str, ...]) -> str:
    return " ".join(names)
