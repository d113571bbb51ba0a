"""Who may do what: four roles, each with all rights of those before it, and the dependency that asks for one."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from processors.edge.api.problems import Problem

COOKIE: Final = "lotstream_token"
"""Carries the token of a browser; HttpOnly and SameSite=Strict where the console sets it."""
LOCAL_NAME: Final = "local"
READING: Final = frozenset(["GET", "HEAD", "OPTIONS"])


class Role(IntEnum):
    """`viewer` looks up; `operator` counts; `supervisor` posts, edits, closes and replays; `admin` also for others."""

    VIEWER = 1
    OPERATOR = 2
    SUPERVISOR = 3
    ADMIN = 4

    @property
    def label(self) -> str:
        return self.name.lower()


ROLES: Final = {role.label: role for role in Role}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `name` stands in what is published as the one who did it."""

    name: str
    role: Role

    def named(self, given: str | None, field: str) -> str:
        """The name to publish: the caller's own where none is given. Problem 403 for another's unless an admin."""
        if given in (None, "", self.name):
            return self.name
        if self.role is not Role.ADMIN:
            detail = f"{field} is {given!r}, but the token is of {self.name!r}; only an admin acts for others"
            raise Problem(403, "not-for-others", detail)
        assert given is not None
        return given


LOCAL: Final = Caller(LOCAL_NAME, Role.ADMIN)
"""Whoever asks an edge that listens on loopback alone and has no tokens."""


def needs(role: Role) -> Callable[[Request], Caller]:
    """A FastAPI dependency: the caller, where it has at least this role; Problem 401 or 403 where not."""

    def caller(request: Request) -> Caller:
        found = caller_of(request)
        if found.role < role:
            detail = f"this needs the role {role.label}, the token of {found.name!r} has {found.role.label}"
            raise Problem(403, "role-missing", detail)
        return found

    return caller


def caller_of(request: Request) -> Caller:
    """Who asks: by `Authorization: Bearer`, else by the console's cookie; Problem 401 where neither is known."""
    _refuse_other_sites(request)
    tokens = request.app.state.tokens
    if tokens is None:
        return LOCAL
    given = given_token(request)
    if not given:
        raise Problem(401, "token-missing", "send Authorization: Bearer TOKEN; `lotstream edge token` makes one")
    found: Caller | None = tokens.caller(given)
    if found is None:
        raise Problem(401, "token-unknown", "the token is not in the tokens file, or was taken out of it")
    return found


def given_token(request: Request) -> str:
    """The token that came with a request; empty where none did."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return text.strip() if scheme.lower() == "bearer" else ""
    return request.cookies.get(COOKIE, "")


def _refuse_other_sites(request: Request) -> None:
    """A page of another site must not write with what a browser holds, be it a cookie or its place on this machine."""
    origin = request.headers.get("origin")
    if origin is None or request.method in READING:
        return
    if urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise Problem(403, "other-site", f"a page of {origin} may not write here")
