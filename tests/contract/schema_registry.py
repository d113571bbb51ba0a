"""A schema registry on loopback with the three endpoints that are used: register, look up, get by id."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Registry:
    """What has been registered: schema text → id, and the texts of each subject. `requests` are those it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.ids: dict[str, int] = {}
        self.subjects: dict[str, list[str]] = {}
        self.requests: list[str] = []
        self.broken = False

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.requests.append(f"{method} {path}")
        if self.broken:
            return 500, {"error_code": 50001, "message": "broken"}
        if method == "GET" and (found := re.fullmatch(r"/schemas/ids/(\d+)", path)):
            for text, schema_id in self.ids.items():
                if schema_id == int(found[1]):
                    return 200, {"schema": text}
            return 404, {"error_code": 40403, "message": "Schema not found"}
        if method == "POST" and (found := re.fullmatch(r"/subjects/([^/]+)/versions", path)):
            self.ids.setdefault(body["schema"], 501 + len(self.ids))
            self.subjects.setdefault(found[1], []).append(body["schema"])
            return 200, {"id": self.ids[body["schema"]]}
        if method == "POST" and (found := re.fullmatch(r"/subjects/([^/]+)", path)):
            texts = self.subjects.get(found[1], [])
            if body["schema"] not in texts:
                return 404, {"error_code": 40403, "message": "Schema not found"}
            version = texts.index(body["schema"]) + 1
            text = body["schema"]
            return 200, {"subject": found[1], "id": self.ids[text], "version": version, "schema": text}
        return 404, {"error_code": 404, "message": f"no such endpoint: {method} {path}"}


@contextmanager
def schema_registry() -> Iterator[Registry]:
    """A running registry, empty."""
    registry = Registry()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            path = self.path.partition("?")[0]
            status, answer = registry.answer(self.command, path, body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve  # noqa: N815  # the names that the server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    registry.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
