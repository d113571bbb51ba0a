"""What the figures were taken on: the machine, and the versions of everything that was compared."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers import environment, java
from processors.embedded.versions import KAFKA, REDIS


def described() -> str:
    """Cores, memory, processor, system and the load that was there, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    system = (
        f"Linux {'.'.join(platform.release().split('.')[:2])}" if platform.system() == "Linux" else platform.system()
    )
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    return ", ".join([f"{os.cpu_count()} cores", f"{memory:.0f} GiB", _processor(), system, load])


def versions() -> dict[str, str]:
    """Name → version, the peers' among them where they are installed."""
    found = {"Python": platform.python_version(), "Kafka": KAFKA, "Redis": REDIS}
    found |= {name: version(name) for name in ("confluent-kafka", "fastavro", "rocksdict")}
    if not environment.missing():
        found |= {f"{name} (peers)": each for name, each in environment.versions().items()}
    return found | {"Kafka Streams": KAFKA, "Avro for Java": java.AVRO}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = dict(line.replace("\t", "").split(":", 1) for line in lines if ":" in line)
    return f"{found.get('model name', 'unknown').strip()} at {float(found.get('cpu MHz', 0)) / 1000:.1f} GHz"
