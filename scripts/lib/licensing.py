"""Holds what is installed against what is locked and what may be used: scripts/licences. Needs no network.

Each package must be pinned with hashes, be installed as it is pinned, and have a licence of those that
requirements/licences.toml approves; docs/licences.md lists them all. scripts/holes asks whether one has a known hole.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

import installing
from installing import CONTRACTS, OTHERS, ROOT

JUDGE = ROOT / "scripts" / "lib" / "lighthouse"
RULES = ROOT / "requirements" / "licences.toml"
LIST = ROOT / "docs" / "licences.md"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^ ;\\]+)", re.MULTILINE)
CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Trove classifiers (https://pypi.org/classifiers) as SPDX says it, which newer packages use."""
HEAD = """# Licences of what Hiroba is made with

Written by `scripts/licences --write`, checked by `scripts/check`. `run` is part of a running town, `test` checks it.
What may be used at all: `requirements/licences.toml`. Fonts and scripts that lie in this repository have their licence
beside them (`marketplace/papers/fonts`, `marketplace/static/vendor`).

| package | licence | for |
|---|---|---|
"""


class Package(NamedTuple):
    name: str
    licence: str
    purpose: str


def main(arguments: list[str]) -> None:
    packages, faults = python_packages()
    packages += [each for folder in (CONTRACTS, *OTHERS, JUDGE) for each in npm_packages(folder)]
    faults += refused(packages, tomllib.loads(RULES.read_text("utf-8")))
    text = HEAD + "".join(f"| {each.name} | {each.licence} | {each.purpose} |\n" for each in sorted(set(packages)))
    if arguments == ["--write"]:
        LIST.write_text(text, "utf-8")
    elif not LIST.exists() or LIST.read_text("utf-8") != text:
        faults.append("docs/licences.md is of before: run scripts/licences --write and read what changed")
    if faults:
        installing.stop("\n".join(faults))


def python_packages() -> tuple[list[Package], list[str]]:
    """All that the locks name and this machine has; and what is wrong with them. Some are for other systems only."""
    told = tomllib.loads(RULES.read_text("utf-8"))["told"]
    here = {normal(each.metadata["Name"]): each for each in distributions()}
    packages, faults = [], []
    run = locked(installing.lock_file("run").read_text("utf-8"))
    for purpose in ("run", "test"):
        text = installing.lock_file(purpose).read_text("utf-8")
        faults += unhashed(text, f"requirements/{purpose}.txt")
        for name, versions in locked(text).items():
            found = here.get(name)
            if found is None or (purpose == "test" and name in run):
                continue
            if found.version not in versions:
                faults.append(f"{name}: {found.version} is installed, {' or '.join(sorted(versions))} is locked")
            packages.append(Package(name, told.get(name) or licence(found), purpose))
    return packages, faults


def npm_packages(folder: Path) -> list[Package]:
    told = tomllib.loads(RULES.read_text("utf-8"))["told"]
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    found = []
    for path, each in lock["packages"].items():
        if path:
            name = path.rpartition("node_modules/")[2]
            purpose = "run" if folder == CONTRACTS and not each.get("dev") else "test"
            found.append(Package(f"{name} (npm)", told.get(f"{name} (npm)") or each.get("license", "unknown"), purpose))
    return found


def locked(text: str) -> dict[str, set[str]]:
    """{package: versions} of a lock file: an older Python may need another one."""
    found: dict[str, set[str]] = {}
    for name, version in PINNED.findall(text):
        found.setdefault(normal(name), set()).add(version)
    return found


def unhashed(text: str, name: str) -> list[str]:
    """Packages of a lock that could be another one tomorrow: without a version, or without a hash."""
    parts = [part for part in re.split(r"\n(?=\S)", text.strip()) if part and not part.startswith("#")]
    return [
        f"{name}: {part.split()[0]} has no version or no hash"
        for part in parts
        if not PINNED.match(part) or "--hash=sha256:" not in part
    ]


def licence(found: Distribution) -> str:
    """As the package says it, in the words of SPDX; "unknown" where it does not."""
    told = found.metadata
    if told["License-Expression"]:
        return str(told["License-Expression"])
    classes = [each.rpartition(" :: ")[2] for each in told.get_all("Classifier") or [] if each.startswith("License ::")]
    known = [CLASSIFIED[each] for each in classes if each in CLASSIFIED]
    short = str(told["License"] or "").strip()
    return known[0] if known else short if short and len(short) < 20 else "unknown"


def refused(packages: Iterable[Package], rules: Mapping[str, Mapping[str, list[str]]]) -> list[str]:
    """One that may be chosen is enough (OR); of several that hold together (AND) each must be approved."""
    faults = []
    for each in packages:
        approved = {*rules["approved"]["run"], *(rules["approved"]["test"] if each.purpose == "test" else [])}
        choices = [{part.strip(" ()") for part in choice.split(" AND ")} for choice in each.licence.split(" OR ")]
        if not any(choice <= approved for choice in choices):
            faults.append(
                f"{each.name}: {each.licence} is not approved for {each.purpose}, see requirements/licences.toml"
            )
    return faults


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main(sys.argv[1:])
