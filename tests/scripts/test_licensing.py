"""What is used is pinned by its hash and may be used; what is not, is named. (The run itself: scripts/check.)"""

from __future__ import annotations

import installing
import licensing
from licensing import Package

RULES = {"approved": {"run": ["MIT", "Apache-2.0", "MPL-2.0"], "test": ["GPL-3.0-or-later"]}}


def test_a_package_without_a_version_or_a_hash_is_named() -> None:
    lock = "good==1.0 ; python_version < '3.12' \\\n    --hash=sha256:00\n    # via x\nloose>=1\nbare==2.0\n"
    assert licensing.unhashed(lock, "run.txt") == [
        "run.txt: loose>=1 has no version or no hash",
        "run.txt: bare==2.0 has no version or no hash",
    ]


def test_every_lock_names_each_package_by_its_hash() -> None:
    for name in ("run", "test", "node", "slither"):
        assert licensing.unhashed(installing.lock_file(name).read_text(), name) == []


def test_a_package_that_differs_between_pythons_may_be_either() -> None:
    assert licensing.locked("A_b==1 ; x \\\na.b==2 \\\n") == {"a-b": {"1", "2"}}


def test_what_is_not_approved_for_its_purpose_is_named() -> None:
    packages = [
        Package("free", "MIT", "run"),
        Package("choice", "GPL-3.0-or-later OR MIT", "run"),
        Package("both", "MIT AND GPL-3.0-or-later", "run"),
        Package("tool", "GPL-3.0-or-later", "test"),
        Package("silent", "unknown", "test"),
    ]
    assert licensing.refused(packages, RULES) == [
        "both: MIT AND GPL-3.0-or-later is not approved for run, see requirements/licences.toml",
        "silent: unknown is not approved for test, see requirements/licences.toml",
    ]
