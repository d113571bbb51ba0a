"""Tokenizer rules: `Item-MOB-ART`, `Loc-01-L1`: a prefix, then values between separators (`domain.md` §8.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from processors.barcodes.fault import Fault, shown
from processors.barcodes.fields import NO_FIELDS, Fields, as_fields
from processors.domain.master import BarcodeRule, BarcodeToken
from processors.domain.quantity import parse

_PROPERTY: Final = "property:"
_FIELDS: Final = {name: place for place, name in enumerate(Fields._fields)}
_QUANTITY: Final = _FIELDS["quantity"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules made ready for matching; made again by `compile_rules` when a rule changes.

    `heads`: (length of prefix, length of prefix and separator) → prefix and separator → rule, longest prefix first.
    """

    heads: tuple[tuple[int, dict[str, BarcodeRule]], ...]


NO_RULES: Final = Rules(())


def compile_rules(rules: Iterable[BarcodeRule]) -> Rules:
    """The rules of the master data (`MasterData.barcode_rules.values()`) for `match_rule`."""
    heads: dict[tuple[int, int], dict[str, BarcodeRule]] = {}
    for rule in rules:
        head = rule.prefix + rule.separator
        heads.setdefault((len(rule.prefix), len(head)), {})[head] = rule
    # Longest prefix first; of two that are equally long, the one with the longer separator.
    return Rules(tuple((head, heads[prefix, head]) for prefix, head in sorted(heads, reverse=True)))


def match_rule(text: str, rules: Rules) -> BarcodeRule | None:
    """The rule with the longest prefix that the text begins with, its separator after it."""
    for length, heads in rules.heads:
        if (rule := heads.get(text[:length])) is not None:
            return rule
    return None


def read_tokens(text: str, rule: BarcodeRule) -> Fields | Fault:
    """The values of a text that begins with the rule's prefix and separator.

    A token ends at its separator or at its length, whichever comes first; without a separator of its own it has the
    rule's. A separator right after a token that has ended at its length belongs to it. The last token takes the rest,
    separators and all, and is wrong beyond its length.
    """
    at = len(rule.prefix) + len(rule.separator)
    values: list[Any] = list(NO_FIELDS)
    properties: list[tuple[str, str]] = []
    last = len(rule.tokens) - 1
    for place, token in enumerate(rule.tokens):
        begin = at
        value, at = (text[at:], len(text)) if place == last else _cut(text, at, token, rule.separator)
        if not value:
            expected = ", ".join(each.target for each in rule.tokens[place:])
            return Fault(f"rule {shown(rule.prefix)}: expected {expected}, got nothing", begin)
        if token.length is not None and len(value) > token.length:
            message = f"rule {shown(rule.prefix)}: expected {token.target} of at most {token.length} characters"
            return Fault(f"{message}, got {len(value)}: {shown(value)}", begin + token.length)
        field = _FIELDS.get(token.target)
        if field is None:
            properties.append((token.target.removeprefix(_PROPERTY), value))
        elif field == _QUANTITY:
            try:
                values[field] = _quantity(value)
            except ValueError as error:
                return Fault(f"rule {shown(rule.prefix)}: quantity: {error}", begin)
        else:
            values[field] = value
    values[_FIELDS["properties"]] = tuple(properties)
    return as_fields(values)


def _cut(text: str, at: int, token: BarcodeToken, separator: str) -> tuple[str, int]:
    """The token that begins at a place, and where the next begins."""
    ends = token.separator or separator
    found = text.find(ends, at)
    stop = len(text) if found < 0 else found
    if token.length is not None and stop > at + token.length:
        return text[at : at + token.length], at + token.length
    return text[at:stop], stop if found < 0 else stop + len(ends)


def _quantity(text: str) -> int:
    """Millionths; ValueError for what is no decimal, and for one below zero."""
    if len(text) > 20:
        raise ValueError(f"expected a decimal such as 12.5, got {shown(text)}")
    value = parse(text)
    if value < 0:
        raise ValueError(f"expected a quantity from 0, got {shown(text)}")
    return value
