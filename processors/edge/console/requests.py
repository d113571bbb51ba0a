"""Who asks, and how the answer is to be shown; errors of pages as pages."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from processors.edge.api.problems import Problem
from processors.edge.api.roles import COOKIE, LOCAL, Caller, Role, caller_of
from processors.edge.console.rendering import HEADERS, LANGUAGE_COOKIE, Reader, address, page
from processors.edge.console.showing import Showing, zone_of
from processors.edge.console.state import Console
from processors.edge.console.wording import Words, choose_language
from processors.edge.store.queries_console import PlaceInvalid, master

THEME_COOKIE: Final = "theme"
THEMES: Final = ("", "light", "dark")
"""What a reader may choose; the first is what his device shows."""


class PageRouter(APIRouter):
    """A router whose errors are pages for people, and whose routes are no part of the API's description."""

    def __init__(self, console: Console) -> None:
        super().__init__(include_in_schema=False, route_class=_route_class(console))


def _route_class(console: Console) -> type[APIRoute]:
    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
            handle = super().get_route_handler()

            async def handled(request: Request) -> Response:
                try:
                    return await handle(request)
                except Problem as problem:
                    return _error(console, request, problem)
                except PlaceInvalid as error:
                    return _error(console, request, Problem(422, "field-invalid", str(error)))
                except RequestValidationError as error:
                    wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
                    return _error(console, request, Problem(422, "request-invalid", wrong))

            return handled

    return PageRoute


def _error(console: Console, request: Request, problem: Problem) -> Response:
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        to = None if here == "/" else here
        return RedirectResponse(address("/sign-in", to=to), HTTPStatus.SEE_OTHER, HEADERS)
    reader = reader_of(console, request, LOCAL if problem.status == HTTPStatus.UNAUTHORIZED else None)
    return page(console, request, reader, "error.html", problem.status, problem=problem)


def reader_of(console: Console, request: Request, caller: Caller | None = None) -> Reader:
    """The reader of a page; Problem 401 where it is nobody who may read."""
    found = caller or caller_of(request)
    asked, kept = request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)
    language = choose_language(asked, kept, request.headers.get("accept-language", ""))
    at = console.changes.number()  # before anything is read for the page: what comes after it is told to the page
    with console.store.read() as connection:
        company = master(connection, "company", "company")
    theme = request.cookies.get(THEME_COOKIE, "")
    return Reader(
        Words(language),
        Showing(language, zone_of(company["time_zone"] if company else None)),
        theme if theme in THEMES else "",
        found,
        COOKIE in request.cookies and request.app.state.tokens is not None,
        at,
    )


def need(request: Request, role: Role) -> Caller:
    """The caller of a request that changes something; Problem 403 below the role."""
    caller = caller_of(request)
    if caller.role < role:
        detail = f"this needs the role {role.label}; {caller.name!r} has {caller.role.label}"
        raise Problem(HTTPStatus.FORBIDDEN, "role-missing", detail)
    return caller


async def form_of(request: Request) -> FormData:
    """The form of a request, as a dependency of routes that are no coroutines."""
    return await request.form()


def text(form: FormData, name: str, needed: bool = False) -> str:
    """One field of a form; Problem 422 where it is needed and not there."""
    value = form.get(name, "")
    found = value.strip() if isinstance(value, str) else ""
    if needed and not found:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field-missing", f"{name}: expected a text, got nothing")
    return found
