"""Where the programs of this machine listen, as Linux tells it (proc(5): /proc/net/tcp)."""

from __future__ import annotations

import socket
from pathlib import Path


def addresses(port: int) -> set[str]:
    """The addresses at which somebody listens on this port, e.g. {'127.0.0.1'}; one of IPv6 as its hex digits."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    found = {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    return {socket.inet_ntoa(bytes.fromhex(each)[::-1]) if len(each) == 8 else each for each in found}
