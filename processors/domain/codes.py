"""Generated codes: composed from a code type, field values and an ordinal, and back (`domain.md` §6, §7).

Everything here is pure. A code type is one that the judge of master data accepted: at most one number and one letters
part, lengths from 1 to 50, start letters A to Z.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from processors.domain import keys
from processors.domain.code_fields import DATE_WIDTHS, PROGRESSIVE_FIELDS, VALUES, CodeFields, Value
from processors.domain.code_progressive import (
    Running,
    join_ordinal,
    letters_index,
    letters_text,
    number_of,
    number_text,
    running,
    split_ordinal,
)
from processors.domain.master import CodePart, CodeType
from processors.domain.progressives import Counter
from processors.domain.refusals import Reason

CODE_LENGTH_MAX: Final = 50
"""Characters of a lot or serial code."""

Composer = Callable[[int], str | Reason]
"""Ordinal → code, or `progressive-exhausted` or `code-too-long`."""


def compose(code_type: CodeType, fields: CodeFields, ordinal: int) -> str | Reason:
    """Join the parts of a generated code, in order (domain.md §6).

    Pure: the same arguments give the same code, and `invert` gives the ordinal back.
    Refuses `code-part-missing`, `progressive-exhausted`, `code-too-long` (over 50 characters).
    """
    made = composer(code_type, fields)
    return made if isinstance(made, Reason) else made(ordinal)


def composer(code_type: CodeType, fields: CodeFields) -> Composer | Reason:
    """`compose` for many ordinals (0 or more) of the same fields: the constant parts are joined once.

    Refuses `code-part-missing`, which no ordinal can mend.
    """
    plan = _plan(code_type)
    constants = _constants(code_type, plan, fields)
    if isinstance(constants, Reason):
        return constants
    head, middle, tail = constants
    run, number_first = plan.run, plan.number_first
    number, letters, capacity = run.number, run.letters, run.capacity
    start, cycle, first, length = run.start, run.cycle, run.first_letters, letters.length if letters else None
    width, fill = (number.length or 0, number.fill) if number and number.length and number.fill else (0, " ")

    def show(ordinal: int) -> str:
        if letters is None:
            return f"{head}{str(start + ordinal).rjust(width, fill)}{tail}" if number is not None else head
        if number is None:
            return f"{head}{letters_text(first + ordinal, length)}{tail}"
        rounds, place = divmod(ordinal, cycle) if cycle is not None else (0, ordinal)
        digits, alphas = str(start + place).rjust(width, fill), letters_text(first + rounds, length)
        return f"{head}{digits}{middle}{alphas}{tail}" if number_first else f"{head}{alphas}{middle}{digits}{tail}"

    def code_of(ordinal: int) -> str | Reason:
        if capacity is not None and ordinal >= capacity:
            return _exhausted(code_type, capacity)
        code = show(ordinal)
        return code if len(code) <= CODE_LENGTH_MAX else _too_long(code_type, code)

    return code_of


def invert(code_type: CodeType, fields: CodeFields, code: str) -> int | Reason:
    """The ordinal whose code this is: `compose(code_type, fields, invert(code_type, fields, code)) == code`.

    Refuses `code-part-missing` as `compose` does, `code-too-long`, and `field-invalid` (field `code`) where the code
    does not fit the rule, or where a digit from 1 to 9 as the number's fill leaves more than one ordinal.
    """
    if len(code) > CODE_LENGTH_MAX:
        return _too_long(code_type, code)
    plan = _plan(code_type)
    constants = _constants(code_type, plan, fields)
    if isinstance(constants, Reason):
        return constants
    head, middle, tail = map(re.escape, constants)
    run = plan.run
    digits, alphas = _number_pattern(run), _letters_pattern(run)
    if run.number and run.letters:
        body = f"{digits}{middle}{alphas}" if plan.number_first else f"{alphas}{middle}{digits}"
    else:
        body = digits or alphas
    found = re.fullmatch(f"{head}{body}{tail}", code, re.DOTALL)
    if found is None:
        return _unfit(code_type, code, "its constant parts or the places of its progressive differ")
    number = letters = None
    if run.number:
        number = number_of(run.number, found["number"], run.start)
        if number is None:
            return _unfit(code_type, code, f"expected one number from {run.start}, got {found['number']!r}")
    if run.letters:
        letters = letters_index(found["letters"], run.letters.length)
    ordinal = join_ordinal(run, number, letters)
    return _unfit(code_type, code, "its progressive lies outside its start and end") if ordinal is None else ordinal


def shown(code_type: CodeType, ordinal: int) -> tuple[str | None, str | None]:
    """Number and letters as an ordinal shows them, None where the code type has no such part."""
    run = _plan(code_type).run
    number, letters = split_ordinal(run, ordinal)
    return (
        number_text(run.number, number) if run.number else None,
        letters_text(letters, run.letters.length) if run.letters else None,
    )


def counter_of(
    code_type: CodeType, company_scope: bool, item: tuple[str, str, str], fields: CodeFields
) -> Counter | Reason:
    """The counter that runs for these fields: code type, scope, root values (domain.md §7).

    `item` is class, code, variant (empty without). `company_scope`: the codes are unique across the company. Root
    values are full values, before any cutting or filling: two suppliers whose short names are cut to the same three
    letters have two counters, and generation passes over the codes that the other has taken. A missing root value is
    empty text; it refuses `code-part-missing` only where the code itself could not be composed without it.
    """
    values = []
    for value_in, needed in _plan(code_type).root:
        value = value_in(fields)
        if value is None and needed is not None:
            return _missing(code_type, needed)
        values.append(value or "")
    root_key = keys.join(*values) if values else ""
    return Counter(code_type.kind, code_type.code, None if company_scope else item, root_key)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A code type made ready: parsed once, used for every code.

    `constants`: the parts before, between and after those of the progressive, each with its way to the value; all in
    the first where there is no progressive. `root`: the way to each value, and the part that cannot do without it.
    """

    run: Running
    number_first: bool
    constants: tuple[tuple[tuple[Value, CodePart], ...], ...]
    root: tuple[tuple[Value, CodePart | None], ...]


@lru_cache(maxsize=1024)
def _plan(code_type: CodeType) -> _Plan:
    progressive = [part.field for part in code_type.parts if part.field in PROGRESSIVE_FIELDS]
    groups: tuple[list[tuple[Value, CodePart]], ...] = ([], [], [])
    place = 0
    for part in code_type.parts:
        if part.field in PROGRESSIVE_FIELDS:
            place = 2 if len(progressive) == 1 else place + 1
        else:
            groups[place].append((VALUES[part.field], part))
    needed = {part.field: part for part in code_type.parts if not (part.length and part.fill)}
    return _Plan(
        running(code_type),
        progressive[:1] == ["number"],
        tuple(tuple(group) for group in groups),
        tuple((VALUES[name], needed.get(name)) for name in code_type.root),
    )


def _constants(code_type: CodeType, plan: _Plan, fields: CodeFields) -> list[str] | Reason:
    """What stands before, between and after the parts of the progressive."""
    joined = []
    for group in plan.constants:
        texts = ""
        for value_in, part in group:
            text, length = value_in(fields), part.length
            if length is not None:
                text = _fitted(text, part, length)
            if text is None:
                return _missing(code_type, part)
            texts += text
        joined.append(texts)
    return joined


def _fitted(value: str | None, part: CodePart, length: int) -> str | None:
    """A value cut or filled to its part's length, only fill where it is missing, None where that cannot be."""
    if value is None:
        return part.fill * length if part.fill else None
    if len(value) > length:
        return value[-length:] if part.field in DATE_WIDTHS else value[:length]
    return value.rjust(length, part.fill) if part.fill else value


def _number_pattern(run: Running) -> str:
    if run.number is None:
        return ""
    if run.number.length is None:
        return "(?P<number>[0-9]+)"
    return f"(?P<number>.{{{run.number.length}}})" if run.number.fill else f"(?P<number>[0-9]{{1,{run.number.length}}})"


def _letters_pattern(run: Running) -> str:
    if run.letters is None:
        return ""
    return f"(?P<letters>[A-Z]{{{run.letters.length}}})" if run.letters.length else "(?P<letters>[A-Z]+)"


def _name(code_type: CodeType) -> str:
    return f"{code_type.kind} code type {code_type.code!r}"


def _missing(code_type: CodeType, part: CodePart) -> Reason:
    return Reason(
        "code-part-missing",
        f"{_name(code_type)} needs {part.field}, which has no value here: give it, or let the part have a length and a "
        "fill character",
        part.field,
    )


def _exhausted(code_type: CodeType, capacity: int) -> Reason:
    return Reason(
        "progressive-exhausted",
        f"the progressive of {_name(code_type)} has run out after {capacity} codes for these root values: give the "
        "item a code type with a longer number or with letters",
    )


def _too_long(code_type: CodeType, code: str) -> Reason:
    return Reason(
        "code-too-long",
        f"expected a code of at most {CODE_LENGTH_MAX} characters for {_name(code_type)}, got {len(code)}: {code!r}; "
        "give its parts a length",
    )


def _unfit(code_type: CodeType, code: str, why: str) -> Reason:
    return Reason("field-invalid", f"code {code!r} does not fit {_name(code_type)}: {why}", "code")
