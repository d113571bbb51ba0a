"""Every text of the console stands in every language, with the values that it holds; colours can be told apart."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import processors.edge.console as console
from processors.domain import count_lines, count_registers, events, registers
from processors.domain.movement import Movement
from processors.edge.api.roles import ROLES
from processors.edge.console.rendering import NAVIGATION
from processors.edge.console.wording import LANGUAGES, NAMES, Words, catalogue, choose_language

FOLDER = Path(console.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
OTHERS = [language for language in LANGUAGES if language != "en"]
_CALL = re.compile(r"""\bt(?:\.count)?\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_VALUES = re.compile(r"\{(\w+)\}")
OF_THE_PRODUCT = {"lotstream"}
SEEN_ATTRIBUTES = {"title", "placeholder", "aria-label", "alt", "data-confirm", "data-label", "data-lost", "data-open"}


def _texts() -> Iterator[str]:
    yield from NAMES.values()
    for heading, links in NAVIGATION:
        yield from filter(None, (heading, *(text for _, text, _ in links)))
    for path in TEMPLATES:
        for found in _CALL.finditer(path.read_text(encoding="utf-8")):
            yield ast.literal_eval(found[1])
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and re.search(r"\bwords(\.count)?$|^Check$|^title$", ast.unparse(node.func)):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value.strip():
                        yield part.value


TEXTS = sorted({text for text in _texts() if not text.startswith(", ")})


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    assert [text for text in TEXTS if text not in catalogue(language)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_holds_the_same_values(language: str) -> None:
    for text, other in catalogue(language).items():
        forms = 3 if language == "ro" and "|" in text else text.count("|") + 1
        assert other.count("|") + 1 == forms, text
        wanted = set(_VALUES.findall(text))
        for form in other.split("|"):
            assert set(_VALUES.findall(form)) <= wanted, other
        assert wanted <= set(_VALUES.findall(other)), other


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_that_cannot_be_translated(path: Path) -> None:
    class Spoken(HTMLParser):
        found: list[str] = []  # noqa: RUF012  # one parser a test

        def handle_data(self, data: str) -> None:
            self.found.append(data)

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            self.found.extend(value or "" for name, value in attributes if name in SEEN_ATTRIBUTES)

    parser = Spoken()
    parser.found = []
    parser.feed(_BRACES.sub("", path.read_text(encoding="utf-8")))
    words = {word for text in parser.found for word in re.findall(r"[^\W\d_]{2,}", text)}
    assert words <= OF_THE_PRODUCT


def _symbols(record: Any, field: str) -> set[str]:
    hint = get_type_hints(record)[field]
    return {text for part in (hint, *get_args(hint)) for text in get_args(part) if isinstance(text, str)}


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (registers.SerialRow, "state"),
        (registers.CounterRow, "kind"),
        (count_registers.InventoryRow, "state"),
        (count_registers.CountListRow, "state"),
        (count_registers.CountLineRow, "state"),
        (count_registers.ScanFeedback, "status"),
        (count_lines.Adjustment, "kind"),
        (events.HistoryEntry, "direction"),
        (events.Alert, "kind"),
        (Movement, "document_type"),
    ],
)
def test_every_symbol_of_a_record_has_a_name_for_people(record: Any, field: str) -> None:
    found = _symbols(record, field)
    assert found, "the record has another type now"
    assert found <= set(NAMES)


def test_every_role_has_a_name_for_people() -> None:
    assert set(ROLES) <= set(NAMES)


@pytest.mark.parametrize(
    ("language", "number", "text"),
    [
        ("en", 1, "1 line"), ("en", 0, "0 lines"), ("it", 1, "1 riga"), ("it", 21, "21 righe"),
        ("ro", 1, "1 linie"), ("ro", 0, "0 linii"), ("ro", 19, "19 linii"), ("ro", 20, "20 de linii"),
        ("ro", 101, "101 linii"), ("ro", 120, "120 de linii"),
    ],
)  # fmt: skip
def test_numbers_and_their_words_agree(language: str, number: int, text: str) -> None:
    assert Words(language).count("{n} line|{n} lines", number) == text


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "language"),
    [
        ("it", "ro", "en", "it"), (None, "ro", "en", "ro"), (None, None, "de-DE,ro;q=0.8,it;q=0.9", "it"),
        ("xx", None, "", "en"), (None, None, "fr;q=broken", "en"), (None, None, "it-IT,it", "it"),
    ],
)  # fmt: skip
def test_the_language_is_the_one_asked_for_kept_or_accepted(
    asked: str | None, kept: str | None, accepted: str, language: str
) -> None:
    assert choose_language(asked, kept, accepted) == language


CSS = (FOLDER / "static" / "console.css").read_text(encoding="utf-8")
PAIRS = [
    *(("ink", ground) for ground in ("ground", "surface", "raised")),
    *(("ink", f"{tone}-soft") for tone in ("accent", "good", "warn", "bad")),
    *(("muted", ground) for ground in ("ground", "surface", "raised", "accent-soft")),
    *(("accent", ground) for ground in ("ground", "surface", "accent-soft")),
    *((tone, ground) for tone in ("good", "warn", "bad") for ground in ("ground", "surface", f"{tone}-soft")),
    ("accent-ink", "accent"), ("bar-ink", "bar"), ("bar-muted", "bar"),
]  # fmt: skip


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_its_ground(theme: str) -> None:
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)
    colours = {name: light if theme == "light" else dark for name, light, dark in found}
    for text, ground in PAIRS:
        one, other = sorted((_luminance(colours[text]), _luminance(colours[ground])))
        assert (other + 0.05) / (one + 0.05) >= 4.5, f"{text} on {ground}"
