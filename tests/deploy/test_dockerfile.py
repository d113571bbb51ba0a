"""The image: slim, from pinned and hashed parts, no root, with a health check; checked as text."""

import re
from dataclasses import dataclass
from pathlib import Path

from processors.embedded.versions import PYTHON_IMAGE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy" / "Dockerfile").read_text()
KNOWN = (
    "FROM",
    "RUN",
    "COPY",
    "ENV",
    "WORKDIR",
    "USER",
    "VOLUME",
    "EXPOSE",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
)


@dataclass(frozen=True)
class Instruction:
    word: str
    rest: str
    stage: int


def _instructions() -> list[Instruction]:
    lines = [line for line in TEXT.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found, stage = [], -1
    for line in joined.splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            stage += word == "FROM"
            found.append(Instruction(word, rest.strip(), stage))
    return found


INSTRUCTIONS = _instructions()
LAST = [each for each in INSTRUCTIONS if each.stage == INSTRUCTIONS[-1].stage]


def _of_last(word: str) -> list[str]:
    return [each.rest for each in LAST if each.word == word]


def test_only_instructions_that_are_known_stand_in_it_and_none_fetches_by_itself() -> None:
    assert {each.word for each in INSTRUCTIONS} <= set(KNOWN)  # ADD, ONBUILD and MAINTAINER are not among them
    for each in INSTRUCTIONS:
        assert not re.search(r"\b(curl|wget|git clone|apt-get)\b", each.rest), each.rest


def test_every_stage_starts_from_the_one_pinned_image() -> None:
    images = {each.rest.split(" ")[0] for each in INSTRUCTIONS if each.word == "FROM"}
    assert images == {PYTHON_IMAGE}
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", PYTHON_IMAGE)


def test_it_runs_as_a_user_that_is_not_root() -> None:
    assert _of_last("USER") == ["10001"]
    assert INSTRUCTIONS.index(Instruction("USER", "10001", 1)) > max(
        index for index, each in enumerate(INSTRUCTIONS) if each.word in ("RUN", "COPY")
    )


def test_it_tells_whether_it_is_alive() -> None:
    (check,) = _of_last("HEALTHCHECK")
    assert "/livez" in check
    assert "CMD [" in check


def test_programs_are_started_without_a_shell_so_that_they_get_the_signals() -> None:
    assert _of_last("ENTRYPOINT") == ['["lotstream"]']
    assert _of_last("CMD") == ['["worker", "ledger"]']
    assert _of_last("STOPSIGNAL") == ["SIGTERM"]


def test_everything_installed_is_locked_with_its_hash() -> None:
    installs = re.findall(r"pip install ([^&]*)", "\n".join(each.rest for each in INSTRUCTIONS))
    assert len(installs) == 3
    for options in installs:
        assert "--require-hashes" in options or "--no-index" in options


def test_what_is_copied_exists_and_is_not_kept_from_the_build() -> None:
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for each in INSTRUCTIONS:
        if each.word != "COPY" or "--from" in each.rest:
            continue
        for source in each.rest.split(" ")[:-1]:
            assert (ROOT / source).exists(), source
            assert any(source == name or source.startswith(f"{name}/") for name in let_in), source


def test_the_last_stage_takes_only_the_finished_environment() -> None:
    assert _of_last("COPY") == ["--from=build /opt/lotstream /opt/lotstream"]
