"""Errors as problem details (RFC 9457): one form for all of them, with a stable code and every wrong field."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:lotstream:problem:"
"""The `type` of a problem is this and its code; docs/api.md lists the codes."""


class Problem(Exception):
    """An answer that is an error.

    `code` is stable, `detail` says what came and what mends it; `errors` are `{"field", "message"}` or, of a refusal,
    also `code`. `headers` go with the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Iterable[Mapping[str, object]] = (),
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.more = [dict(error) for error in errors], dict(headers or {}), more

    def form(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        form: dict[str, Any] = {
            "type": TYPE_PREFIX + self.code,
            "title": _title(self.status),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.more,
        }
        return {**form, "errors": self.errors} if self.errors else form

    def response(self) -> Response:
        headers = dict(self.headers)
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers.setdefault("WWW-Authenticate", "Bearer")
        return JSONResponse(self.form(), self.status, headers, MEDIA_TYPE)


def _title(status: int) -> str:
    return HTTPStatus(status).phrase


def handle_problems(app: FastAPI) -> None:
    """Every error of the app is answered as a problem."""
    app.add_exception_handler(Problem, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(Exception, _unforeseen)


async def _known(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem), "registered for problems"
    return error.response()


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), "registered for these"
    errors = [{"field": ".".join(map(str, each["loc"])), "message": str(each["msg"])} for each in error.errors()]
    return Problem(422, "request-invalid", f"{len(errors)} fields are wrong", errors).response()


_FRAMEWORK_CODES: Final = {404: "not-found", 405: "method-not-allowed"}


async def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for these"
    code = _FRAMEWORK_CODES.get(error.status_code, "request-invalid")
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return Problem(error.status_code, code, detail, headers=error.headers).response()


async def _unforeseen(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Problem(500, "internal-error", "an error of ours; the log of the edge has it").response()
