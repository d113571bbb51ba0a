"""Texts that a spreadsheet would run as formulas, for files that are opened in one (OWASP, CSV Injection)."""

from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The last four are full-width signs: some spreadsheets read them as the plain ones."""


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe first."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text
