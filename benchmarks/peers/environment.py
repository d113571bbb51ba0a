"""The Python peers' environment: a virtual environment beside the product's, with other versions in it.

`make bench` makes it from `requirements/peers.txt`; without it the Python peers are left out, by name.
"""

import subprocess
import sys
from functools import lru_cache
from pathlib import Path

PYTHON = Path(sys.prefix) / "peers" / "bin" / "python"
HERE = Path(__file__).parent


@lru_cache
def missing() -> str:
    """Why the Python peers cannot run; empty where they can."""
    if not PYTHON.exists():
        return "their environment is not there; `make bench` makes it"
    wanted = "import cramjam, fastavro, faust, quixstreams"
    tried = subprocess.run([PYTHON, "-c", wanted], capture_output=True, text=True, check=False)
    return tried.stderr.strip().splitlines()[-1] if tried.returncode else ""


@lru_cache
def versions() -> dict[str, str]:
    """Name → version of what is compared."""
    names = ("faust-streaming", "quixstreams", "confluent-kafka", "aiokafka")
    program = f"from importlib.metadata import version; print(*map(version, {names!r}))"
    found = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(names, found, strict=True))
