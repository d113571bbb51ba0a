"""Signing in with a token, out again; light or dark."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from processors.edge.api.problems import Problem
from processors.edge.api.roles import COOKIE, LOCAL
from processors.edge.console.rendering import HEADERS, YEAR_S, page
from processors.edge.console.requests import THEME_COOKIE, THEMES, PageRouter, form_of, reader_of, text
from processors.edge.console.state import Console


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    @router.get("/sign-in")
    def ask(request: Request, to: str = "/") -> Response:
        return page(console, request, reader_of(console, request, LOCAL), "sign-in.html", wrong=False, to=inside(to))

    @router.post("/sign-in")
    def sign_in(request: Request, form: Annotated[FormData, Depends(form_of)]) -> Response:
        tokens = request.app.state.tokens
        given, to = text(form, "token"), inside(text(form, "to"))
        if tokens is not None and tokens.caller(given) is None:
            reader = reader_of(console, request, LOCAL)
            return page(console, request, reader, "sign-in.html", HTTPStatus.UNAUTHORIZED, wrong=True, to=to)
        answer = RedirectResponse(to, HTTPStatus.SEE_OTHER, HEADERS)
        if tokens is not None:
            secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, given, max_age=YEAR_S, httponly=True, samesite="strict", secure=secure)
        return answer

    @router.post("/sign-out")
    def sign_out() -> Response:
        answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER, HEADERS)
        answer.delete_cookie(COOKIE)
        return answer

    @router.post("/theme")
    def choose(form: Annotated[FormData, Depends(form_of)]) -> Response:
        answer = RedirectResponse(inside(text(form, "to")), HTTPStatus.SEE_OTHER, HEADERS)
        theme = text(form, "theme")
        if theme not in THEMES:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field-invalid", "theme: expected light, dark or nothing")
        answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, samesite="lax")
        return answer

    return router


def inside(to: str) -> str:
    """An address of this console; its first page where another one is given."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
