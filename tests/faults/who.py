"""Which process is at the other end of a loopback connection, from what Linux says of its sockets."""

import os
from collections.abc import Mapping
from pathlib import Path

Address = tuple[str, int]


def process_of(peer: Address, own: Address, pids: Mapping[int, str]) -> str:
    """The name, among `pids` (process id → name), of the process whose connection from `peer` to `own` it is; or ""."""
    inode = _inode(_hex(peer), _hex(own))
    if inode is None:
        return ""
    wanted = f"socket:[{inode}]"
    for pid, name in pids.items():
        try:
            for handle in os.scandir(f"/proc/{pid}/fd"):
                try:
                    if os.readlink(handle.path) == wanted:
                        return name
                except OSError:
                    continue
        except OSError:
            continue
    return ""


def _hex(address: Address) -> str:
    host, port = address[:2]
    parts = [int(part) for part in host.split(".")]
    return "".join(f"{part:02X}" for part in reversed(parts)) + f":{port:04X}"


def _inode(local: str, remote: str) -> str | None:
    for table, prefix in (("tcp", ""), ("tcp6", "0000000000000000FFFF0000")):
        wanted = (prefix + local, prefix + remote)
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if (fields[1], fields[2]) == wanted:
                return fields[9]
    return None
