"""Limits on what one caller may ask: the size of a body, and how many requests in a second."""

import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from processors.edge.api.problems import MEDIA_TYPE, Problem
from processors.edge.api.roles import given_token
from processors.edge.api.tokens import Tokens

CALLERS_MAX: Final = 10_000
"""Callers whose rate is remembered; the one not seen for longest goes first."""


class BodyLimit:
    """Refuses bodies over `bytes_max`, also those that do not tell their length, with 413."""

    def __init__(self, app: ASGIApp, bytes_max: int) -> None:
        self._app, self._max = app, bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if told.isdigit() and int(told) > self._max:
            await _answer(self._problem(), send)
            return
        seen, answered = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max:
                raise self._problem()
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except Problem as problem:
            if answered:
                raise
            await _answer(problem, send)

    def _problem(self) -> Problem:
        return Problem(413, "body-too-large", f"expected a body of at most {self._max} bytes", headers=_CLOSE)


_CLOSE: Final = {"Connection": "close"}
"""What was not read of a body is not waited for."""


class RateLimit:
    """At most `per_s` requests a second from each caller, `burst` at once; more are answered with 429.

    A caller is whom a known token names, else an address: made-up tokens bring no new allowance. `now` gives seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        per_s: float,
        burst: int,
        tokens: Tokens | None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._per_s, self._burst, self._tokens, self._now = app, per_s, burst, tokens, now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait_s = self.wait_s(self.caller(scope)) if scope["type"] == "http" else 0.0
        if wait_s:
            detail = f"more than {self._per_s:g} requests a second; try again in {math.ceil(wait_s)} s"
            headers = {"Retry-After": str(math.ceil(wait_s))}
            await _answer(Problem(429, "too-many-requests", detail, headers=headers), send)
            return
        await self._app(scope, receive, send)

    def wait_s(self, caller: str) -> float:
        """Take one of the caller's requests; 0 where it had one, else the seconds until it has."""
        now = self._now()
        left, at = self._left.pop(caller, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._per_s)
        wait_s = 0.0 if left >= 1 else (1 - left) / self._per_s
        self._left[caller] = (left if wait_s else left - 1, now)
        if len(self._left) > CALLERS_MAX:
            self._left.popitem(last=False)
        return wait_s

    def caller(self, scope: Scope) -> str:
        request = Request(scope)
        given = given_token(request) if self._tokens else ""
        found = self._tokens.caller(given) if self._tokens and given else None
        return f"token {found.name}" if found else f"address {request.client.host if request.client else ''}"


async def _answer(problem: Problem, send: Send) -> None:
    body = json.dumps(problem.form()).encode()
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), **problem.headers}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
