"""The form of the repository: no addresses of strangers, no paths of one machine, a map in every package."""

import ast
import re

import pytest

from tests.tidy.repository import ROOT, files, modules, texts

HOSTS = {
    *("localhost", "127.0.0.1", "0.0.0.0", "broker", "redis", "registry", "cache", "other", "usual", "me"),
    *("www.apache.org", "json-schema.org", "keepachangelog.com", "semver.org", "id.gs1.org", "example.com"),
    "ref.gs1.org",  # the context of EPCIS documents
    "www.w3.org",  # the name of SVG's form
    "mozilla.org",  # the licence of axe-core, of which tests have a copy
}
"""Every host that an address in the repository may name: ourselves, texts that a licence or standard points to."""

ADDRESS = re.compile(r"\bhttps?://(?:[^/@\s\"'`]*@)?(?P<host>[A-Za-z0-9.-]+)")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/\w|(?<![\w.])/tmp/\w")
LINES_MAX = 400
LONGER = {
    "processors/runtime/loop.py": "the loop of architecture §4 is read from top to bottom",
}
"""Files that are longer for a reason."""


def test_no_address_of_a_stranger_stands_anywhere() -> None:
    found = [
        f"{name}: {match.group()}"
        for name, text in texts()
        for match in ADDRESS.finditer(text)
        if match["host"] not in HOSTS
    ]
    assert found == []


def test_the_lock_and_the_requirements_name_no_place_to_fetch_from() -> None:
    locks = [text for name, text in texts() if name == "uv.lock" or name.startswith("requirements/")]
    assert len(locks) == 6
    for text in locks:
        assert "://" not in text
        assert "index-url" not in text


def test_no_path_of_one_machine_stands_anywhere() -> None:
    found = [f"{name}: {match.group()}" for name, text in texts() for match in MACHINE_PATH.finditer(text)]
    assert found == []


@pytest.mark.parametrize("folder", sorted({str(path.parent.relative_to(ROOT)) for path in modules("processors")}))
def test_every_package_has_a_map(folder: str) -> None:
    init = ROOT / folder / "__init__.py"
    assert init in files(), f"{folder} has no __init__.py"
    assert ast.get_docstring(ast.parse(init.read_text())), f"{folder}/__init__.py has no docstring"


def test_every_module_tells_its_purpose() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (*modules("processors"), *modules("tests"))
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_no_name_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    assert [str(path.relative_to(ROOT)) for path in files() if path.stem in empty] == []


def test_files_are_short_or_have_a_reason() -> None:
    long = {
        str(path.relative_to(ROOT))
        for path in modules("processors")
        if len(path.read_text(encoding="utf-8").splitlines()) > LINES_MAX
    }
    assert long <= set(LONGER)


def test_nothing_is_left_for_later() -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME"))
    assert [name for name, text in texts() if re.search(rf"\b({words})\b", text)] == []


def test_every_room_of_the_product_has_tests() -> None:
    inside = [path.relative_to(ROOT / "processors").parts for path in modules("processors")]
    rooms = {parts[0] for parts in inside if len(parts) > 1}
    tested = {path.relative_to(ROOT / "tests").parts[0] for path in modules("tests") if path.name.startswith("test_")}
    assert rooms - tested == set()
