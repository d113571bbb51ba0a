"""Each refusal that can happen has its page, and the page's example is what the product says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.domain.refusals import CODES
from tests.counting.refusal_stories import COUNT_STORIES
from tests.ledger.refusal_stories import STORIES as LEDGER_STORIES
from tests.ledger.refusal_stories import example

STORIES = LEDGER_STORIES | COUNT_STORIES
ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "refusals"
OUTSIDE_THE_RULES = {"key-mismatch", "internal-error"}
"""Told by the loop before and around a decision; their examples are written by hand."""


def raised() -> Iterator[str]:
    """Codes that stand in the source, except those that are only compared with."""
    for folder in ("barcodes", "domain", "ledger", "counting", "runtime"):
        for path in (ROOT / "processors" / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            compared = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Compare) for part in ast.walk(node)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and node.value in CODES and id(node) not in compared:
                    yield str(node.value)


def shown(code: str) -> str:
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    found = re.fullmatch(
        r"# `(.+?)`\n\n.+\n## Example\n\n.*```text\n(.+)\n```\n\n## What mends it\n\n.+\n", text, re.DOTALL
    )
    assert found is not None, f"expected meaning, example and what mends it on the page of {code}"
    assert found[1] == code
    return found[2]


def test_every_code_that_can_be_raised_has_a_page_and_every_page_a_code() -> None:
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert set(raised()) - pages == set()
    assert pages - set(CODES) == set()
    assert pages == STORIES.keys() | OUTSIDE_THE_RULES


@pytest.mark.parametrize("code", STORIES)
def test_the_example_of_a_page_is_what_is_said(code: str) -> None:
    assert shown(code) == example(code, STORIES[code])


@pytest.mark.parametrize("code", sorted(OUTSIDE_THE_RULES))
def test_a_page_without_a_story_has_its_parts_all_the_same(code: str) -> None:
    assert shown(code)


def test_the_list_of_refusals_has_every_page_in_the_order_of_an_answer() -> None:
    listed = re.findall(
        r"^\| \[`(.+?)`\]\((.+?)\.md\) \|", (PAGES / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [name for name, _ in listed] == [code for code in CODES if (PAGES / f"{code}.md").exists()]
    assert all(name == page for name, page in listed)
