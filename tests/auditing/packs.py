"""Evidence as an auditor has it at home: unpacked, and asked what it says of itself."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from marketplace.auditing import evidence
from marketplace.listings.models import Listing


def packed(listing: Listing) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(evidence.collect(listing))) as pack:
        return {name: pack.read(name) for name in pack.namelist()}


def unpacked(listing: Listing, place: Path) -> Path:
    for name, data in packed(listing).items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


def says(place: Path) -> tuple[int, str]:
    command = [sys.executable, "-I", str(place / "check.py")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


def seal_again(place: Path, what: str) -> None:
    """The manifest is made to fit the changed file."""
    manifest = json.loads((place / "MANIFEST.json").read_bytes())
    manifest["files"][what] = hashlib.sha256((place / what).read_bytes()).hexdigest()
    (place / "MANIFEST.json").write_text(json.dumps(manifest))
