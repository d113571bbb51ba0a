"""Topics on a broker that these tests share, and a projecting process that can be killed."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.embedded.trouble import Trouble
from tests.conftest import absent
from tests.edge.projection.topics import Topics


@pytest.fixture(scope="module")
def topics(session_dir: Path) -> Iterator[Topics]:
    """A broker with all topics, which a test may kill if it starts it again."""
    directory = Path(tempfile.mkdtemp(prefix="projection-", dir=session_dir))
    topics = Topics(directory)
    try:
        topics.start()
    except Trouble as trouble:
        if trouble.code not in ("network-missing", "java-missing"):
            raise
        absent("embedded broker", str(trouble))
    yield topics
    topics.broker.kill()
    shutil.rmtree(directory, ignore_errors=True)
