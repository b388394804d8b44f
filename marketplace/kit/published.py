"""Files that we publish so that a stranger can recompute them: reading them strictly, and the one canonical form.

A file is data from anybody. Whatever is wrong with it becomes `Malformed`, whose message is one line saying what;
nothing else comes out of here. Only the standard library: the checking commands must run at once and anywhere.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from marketplace.kit.piping import said

Record = dict[str, Any]
SAFE = 2**53 - 1  # the greatest integer that every JSON reader keeps exactly (RFC 7493 §2.2)
HEX = re.compile(r"[0-9a-f]*")


class Malformed(ValueError):
    """Not of the form that the file claims; the message is one line."""


def read(path: str | Path) -> object:
    """The JSON of a file."""
    try:
        return parse(Path(path).read_bytes())
    except OSError as trouble:
        raise Malformed(f"cannot read the file: {trouble.strerror}") from None


def parse(data: bytes) -> object:
    """The JSON in `data`. A key given twice, NaN and Infinity are refused: two readers would see two things."""
    try:
        return json.loads(data, object_pairs_hook=_once, parse_constant=_no_constant)
    except Malformed:
        raise
    except (ValueError, RecursionError):
        raise Malformed("the file is not JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise Malformed("a key is given twice in one object")
    return record


def _no_constant(name: str) -> None:
    raise Malformed(f"{name} is not a number")


def canon(value: object) -> bytes:
    """RFC 8785 (JCS) of what our formats use: objects with ASCII keys, lists, text, whole numbers, booleans, null."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def record(value: object, what: str) -> Record:
    if not isinstance(value, dict):
        raise Malformed(f"{what} is not an object")
    return value


def get(source: Record, key: str) -> object:
    try:
        return source[key]
    except KeyError:
        raise Malformed(f"{key} is missing") from None


def items(source: Record, key: str) -> list[Any]:
    value = get(source, key)
    if not isinstance(value, list):
        raise Malformed(f"{key} is not a list")
    return value


def text(source: Record, key: str) -> str:
    """Text that can be written as UTF-8 (no lone surrogate)."""
    value = get(source, key)
    if not isinstance(value, str):
        raise Malformed(f"{key} is not text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Malformed(f"{key} is not Unicode text") from None
    return value


def whole(source: Record, key: str, least: int = -SAFE) -> int:
    """A whole number, `least` or more."""
    value = get(source, key)
    if type(value) is not int or not least <= value <= SAFE:
        raise Malformed(f"{key} is not a whole number" + (f" of {least} or more" if least > -SAFE else ""))
    return value


def hexadecimal(source: Record, key: str, size: int | None = None) -> bytes:
    """The bytes behind lower-case hex, `size` of them."""
    value = text(source, key)
    if not HEX.fullmatch(value) or len(value) % 2 or (size is not None and len(value) != 2 * size):
        raise Malformed(f"{key} is not lower-case hex" + (f" of {size} bytes" if size is not None else ""))
    return bytes.fromhex(value)


def command(arguments: Sequence[str], work: Callable[[object], Record]) -> int:
    """Run `work` on the file named by the one argument: its result on stdout and 0, or one line on stderr and 2."""
    if list(arguments) in (["--help"], ["-h"]):
        what = "give the name of one JSON file: its result comes out, or one line says what is wrong"
        return said(lambda: _told(what))
    try:
        if len(arguments) != 1:
            raise Malformed("give the name of one JSON file")
        result = work(read(arguments[0]))
    except Malformed as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    return said(lambda: _told(json.dumps(result, ensure_ascii=False, separators=(",", ":"))))


def _told(words: str) -> int:
    sys.stdout.write(f"{words}\n")
    return 0
