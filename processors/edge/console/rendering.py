"""Templates into pages: the frame with its navigation, the texts and forms of the reader's language, the headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from processors.domain import keys, quantity
from processors.edge.api.roles import Caller, Role
from processors.edge.console.answers import outcome
from processors.edge.console.showing import Showing
from processors.edge.console.state import Console
from processors.edge.console.wording import LANGUAGES, Words
from processors.edge.store.queries_offsets import Lag

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LANGUAGE_COOKIE: Final = "language"
YEAR_S: Final = 31_536_000
STALE_MS: Final = 15_000
"""A projection that has not looked for so long does not run."""
BEHIND_MS: Final = 5_000
HEX_BYTES: Final = 200
"""So much of a record that cannot be read is shown."""

NAVIGATION: Final = (
    ("", (("/", "Overview", "home"), ("/alerts", "Alerts", "bell"))),
    (
        "Registers",
        (
            ("/lots", "Lots", "lot"),
            ("/serials", "Serial numbers", "serial"),
            ("/stock", "Stock", "stock"),
            ("/counters", "Counters", "counter"),
            ("/trace", "Trace", "trace"),
        ),
    ),
    (
        "Counting",
        (
            ("/inventories", "Inventories", "list"),
            ("/count", "Count", "scan"),
            ("/differences", "Differences", "difference"),
        ),
    ),
    ("Care", (("/dead-letters", "Refused records", "letter"),)),
)
"""Heading → address, text and icon of each page."""

_TONES: Final = {
    "good": {"in_stock", "settled", "closed", "accepted", "done", "matched"},
    "warn": {"asked", "recount", "approval", "reviewing", "closing", "ask", "in_transit", "lot_expiring", "late"}
    | {"late_movement", "counter_running_out", "reserve"},
    "bad": {"refused", "lot_expired", "lot_blocked", "stock_negative", "internal", "poison", "master_invalid"},
    "accent": {"open", "counting", "counted", "noted", "load"},
}
TONE_OF: Final = {name: tone for tone, names in _TONES.items() for name in names}

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("processors.edge.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a page, and how: language, time zone, light or dark, rights; `at`: how far the store was before."""

    words: Words
    showing: Showing
    theme: str
    caller: Caller
    signed_in: bool
    at: int


def page(
    console: Console, request: Request, reader: Reader, template: str, status_code: int = 200, **values: Any
) -> HTMLResponse:
    """A whole page with the frame around it."""
    done = request.query_params.get("done")
    text = _ENVIRONMENT.get_template(template).render(
        **values,
        t=reader.words,
        show=reader.showing,
        reader=reader,
        can=_Rights(reader.caller.role),
        lag=_lag_of(console),
        navigation=NAVIGATION,
        languages=LANGUAGES,
        path=request.url.path,
        version=console.version,
        tone=lambda code: TONE_OF.get(code or "", ""),
        address=address,
        of_bytes=lambda value: (value or b"").decode("utf-8", "replace"),
        in_hex=lambda value: (value or b"")[:HEX_BYTES].hex(" "),
        key_of=keys.join,
        exact=lambda millionths: "" if millionths is None else quantity.text(millionths),
        minus=lambda all_of_it, part: None if all_of_it is None or part is None else all_of_it - part,
        outcome=outcome(console, done) if done else None,
        here=lambda **changes: _here(request, changes),
        now_ms=console.now_ms(),
    )
    answer = HTMLResponse(text, status_code, HEADERS)
    if request.query_params.get("lang") in LANGUAGES:  # what was asked for once is kept
        answer.set_cookie(LANGUAGE_COOKIE, reader.words.language, max_age=YEAR_S, samesite="lax")
    return answer


class _Rights:
    """What the reader may do, for templates."""

    def __init__(self, role: Role) -> None:
        self.count = role >= Role.OPERATOR
        self.decide = role >= Role.SUPERVISOR


@dataclass(frozen=True, slots=True)
class _Shown:
    """The lag as the frame shows it; `state` is `behind`, `stopped` or empty; `trouble`: what is wrong, for people."""

    records: int
    behind_ms: int
    state: str
    trouble: str | None


def _lag_of(console: Console) -> _Shown:
    lag: Lag = console.changes.lag()
    stale = lag.looked_at is None or console.now_ms() - lag.looked_at > STALE_MS
    stopped, late = stale or lag.state == "stopped", lag.state == "held" or lag.behind_ms > BEHIND_MS
    state = "stopped" if stopped else "behind" if late else ""
    return _Shown(lag.records, lag.behind_ms, state, lag.message)


def address(path: str, **query: object) -> str:
    """An address with its query; None and empty values are left out."""
    told = {name.rstrip("_"): str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(told)}" if told else path


def _here(request: Request, changes: Mapping[str, object]) -> str:
    """This page's address with other values in its query."""
    query = {name: value for name, value in request.query_params.items() if name not in changes}
    return address(request.url.path, **query, **changes)
