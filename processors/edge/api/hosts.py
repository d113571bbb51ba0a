"""An edge without tokens answers to names of this machine only: no page elsewhere reaches it by a name of its own."""

import json
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from processors.edge.api.problems import MEDIA_TYPE, Problem

LOOPBACK: Final = frozenset(["localhost", "127.0.0.1", "[::1]"])


class HostCheck:
    """Refuses requests whose Host is no name of loopback (DNS rebinding) with 421."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (host := _name(Headers(scope=scope).get("host", ""))) not in LOOPBACK:
            detail = f"expected to be asked as localhost, got {host!r}; an edge for others needs a tokens file"
            form = Problem(421, "other-host", detail).form()
            headers = [(b"content-type", MEDIA_TYPE.encode())]
            await send({"type": "http.response.start", "status": 421, "headers": headers})
            await send({"type": "http.response.body", "body": json.dumps(form).encode()})
            return
        await self._app(scope, receive, send)


def _name(host: str) -> str:
    """The host without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
