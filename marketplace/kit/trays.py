"""Folders that stand in for a post office, a gateway or a partner: each message is a file, whole or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def put(tray: Path, key: str, ending: str, content: bytes) -> None:
    """`key` names the message: one that is put twice lies there once. OSError."""
    tray.mkdir(parents=True, exist_ok=True)
    name = "".join(c if c.isalnum() or c in "-._" else "_" for c in key)
    with tempfile.NamedTemporaryFile(dir=tray, delete=False) as file:
        file.write(content)
    os.replace(file.name, tray / f"{name}{ending}")
