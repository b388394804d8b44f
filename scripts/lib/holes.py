"""Asks a public database whether a hole is known in a locked package, in that very version: scripts/holes.

OSV takes what is known to PyPI, npm and GitHub. It is told names and versions of packages, nothing else.
https://google.github.io/osv.dev/post-v1-querybatch/
"""

import json
import os
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import installing
from installing import CONTRACTS, OTHERS, ROOT
from licensing import JUDGE, locked

DATABASE = "https://api.osv.dev/v1/querybatch"
JUDGED = ROOT / "requirements" / "holes.toml"
LOCKS = ("run", "test", "node", "slither")
SECONDS = 30
AT_ONCE = 500
"""The database takes a thousand questions in one."""


class Locked(NamedTuple):
    ecosystem: str
    name: str
    version: str


def main() -> None:
    packages = sorted(in_python() | {each for folder in (CONTRACTS, *OTHERS, JUDGE) for each in in_npm(folder)})
    try:
        found = holes(packages, DATABASE)
    except OSError as silence:
        if os.environ.get("REQUIRE_HOLES"):
            installing.stop(f"{DATABASE} does not answer: {silence}")
        sys.stdout.write(f"known holes: SKIPPED, {DATABASE} does not answer ({type(silence).__name__})\n")
        return
    if faults := differences(found, tomllib.loads(JUDGED.read_text("utf-8"))["judged"]):
        installing.stop("\n".join(faults))
    sys.stdout.write(f"known holes: none in {len(packages)} packages that is not judged\n")


def in_python() -> set[Locked]:
    pinned = (locked(installing.lock_file(lock).read_text("utf-8")) for lock in LOCKS)
    return {Locked("PyPI", name, version) for each in pinned for name, versions in each.items() for version in versions}


def in_npm(folder: Path) -> set[Locked]:
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    below = "node_modules/"
    return {
        Locked("npm", path.rpartition(below)[2], about["version"])
        for path, about in lock["packages"].items()
        if below in path and "version" in about
    }


def holes(packages: list[Locked], database: str) -> dict[str, set[Locked]]:
    """{id of a hole: packages that have it}. OSError where the database gives no answer that can be read."""
    found: dict[str, set[Locked]] = {}
    for begin in range(0, len(packages), AT_ONCE):
        some = packages[begin : begin + AT_ONCE]
        results = _ask(database, some)
        if len(results) != len(some):
            raise OSError("as many answers as questions were expected")
        for package, result in zip(some, results, strict=True):
            for hole in result.get("vulns", ()):
                found.setdefault(str(hole["id"]), set()).add(package)
    return found


def _ask(database: str, packages: Iterable[Locked]) -> list[dict[str, Any]]:
    queries = [
        {"package": {"ecosystem": each.ecosystem, "name": each.name}, "version": each.version} for each in packages
    ]
    request = urllib.request.Request(  # noqa: S310 -- the address above
        database, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            results = json.load(answer)["results"]
    except (ValueError, KeyError, TypeError) as garbled:
        raise OSError("its answer cannot be read") from garbled
    return [each if isinstance(each, dict) else {} for each in results]


def differences(found: Mapping[str, set[Locked]], judged: Mapping[str, str]) -> list[str]:
    """What somebody has to look at: holes that are not judged, and judgements of holes that are not there any more."""
    new = [
        f"{hole}: {', '.join(f'{each.name} {each.version}' for each in sorted(packages))} "
        f"(https://osv.dev/{hole}): lock another version, or judge it in {JUDGED.relative_to(ROOT)}"
        for hole, packages in sorted(found.items())
        if hole not in judged
    ]
    return new + [f"{hole}: is judged, and no package has it any more" for hole in sorted(set(judged) - set(found))]


if __name__ == "__main__":
    main()
