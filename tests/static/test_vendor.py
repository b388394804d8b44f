"""What we took from others is what we say it is."""

import hashlib
import json
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "marketplace" / "static" / "vendor"


def test_every_vendored_file_has_the_recorded_sha256() -> None:
    recorded = {
        path: digest
        for entry in json.loads((VENDOR / "vendor.json").read_text())
        for path, digest in entry["files"].items()
    }
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "vendor.json"
    }
    assert found == recorded


def test_every_vendored_package_keeps_its_licence() -> None:
    for entry in json.loads((VENDOR / "vendor.json").read_text()):
        assert [path for path in entry["files"] if path.endswith("/LICENSE")], entry["name"]
