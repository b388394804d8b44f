"""Memory of all web processes together after they have shown some pages: what is shared counts once (PSS)."""

import http.client
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import Result, compared
from benchmarks.serving import Served, hello_server, town

PAGES = ("/", "/listings", "/market", "/fund", "/api/v1/listings")
VISITS = 40  # of each page: enough for every thread of every process to have shown it


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as data, town(Path(data) / "town") as served:
        ours = mebibytes(served, PAGES)
    with hello_server() as served:
        plain = mebibytes(served, ("/",))
    yield compared("memory", "MiB", [ours], "hello", [plain])


def mebibytes(served: Served, pages: tuple[str, ...]) -> float:
    for page in pages * VISITS:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        connection.request("GET", page)
        answer = connection.getresponse()
        assert answer.status == 200, f"{page}: {answer.status}"
        answer.read()
        connection.close()
    rollups = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in served.processes())
    return sum(int(re.findall(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[0]) for rollup in rollups) / 1024
