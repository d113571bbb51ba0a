"""The tokens file: who may ask an edge that listens beyond loopback. It holds hashes, never a token itself.

One line a token: `NAME ROLE SHA256`, the last in hexadecimal; empty lines and those that begin with `#` are passed
over. A token has 256 random bits, so its plain hash tells nothing about it. The file is read again when it changes.
"""

import hashlib
import hmac
import logging
import os
import re
import secrets
from pathlib import Path
from typing import Final

from processors.edge.api.roles import ROLES, Caller, Role

logger = logging.getLogger(__name__)

PREFIX: Final = "lots_"
"""Begins every token, so that one that leaked is recognised."""
_NAME: Final = re.compile(r"[^\s#|]\S{0,99}\Z")
_HASH: Final = re.compile(r"[0-9a-f]{64}\Z")


class TokensInvalid(ValueError):
    """The tokens file cannot be used; the message names the line and what was expected there."""


class Tokens:
    """The tokens of a file; one that is not there yet is waited for, and until then knows nobody.

    TokensInvalid or OSError where it cannot be read at the start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._callers: dict[str, Caller] = {}
        if path.exists():
            self._seen = _version(path)
            self._callers = read_tokens(path)
        else:
            logger.warning("%s is not there, so nobody may ask: make it with `lotstream edge token`", path)

    def caller(self, token: str) -> Caller | None:
        """Whose token it is; None: nobody's. A change of the file counts at once; a broken one changes nothing."""
        self._look_again()
        given, found = hash_of(token), None
        for known, caller in self._callers.items():  # all of them, so that the time says nothing
            if hmac.compare_digest(given, known):
                found = caller
        return found

    def _look_again(self) -> None:
        try:
            version = _version(self._path)
            if version == self._seen:
                return
            self._seen = version
            self._callers = read_tokens(self._path)
        except FileNotFoundError:
            self._seen, self._callers = None, {}
        except (OSError, TokensInvalid) as error:
            logger.error("the tokens file cannot be read, what was read before holds: %s", error)


def read_tokens(path: Path) -> dict[str, Caller]:
    """Hash → caller. TokensInvalid with the first wrong line."""
    callers: dict[str, Caller] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = line.split()
        if len(parts) != 3 or parts[1] not in ROLES or not _HASH.match(parts[2]) or not _NAME.match(parts[0]):
            roles = ", ".join(ROLES)
            raise TokensInvalid(f"{path}, line {number}: expected NAME ROLE SHA256, with a role of {roles}")
        callers[parts[2]] = Caller(parts[0], ROLES[parts[1]])
    return callers


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def add_token(path: Path, name: str, role: Role) -> str:
    """Make a token, add its hash to the file (made where it is not there, for its owner alone); give it back once."""
    if not _NAME.match(name):
        raise TokensInvalid(f"expected a name of at most 100 characters without spaces, got {name!r}")
    if path.exists():
        read_tokens(path)
    token = PREFIX + secrets.token_urlsafe(32)
    with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
        if file.tell() and not path.read_bytes().endswith(b"\n"):
            file.write("\n")
        file.write(f"{name} {role.label} {hash_of(token)}\n")
    return token


def _version(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
