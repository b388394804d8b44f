"""One spelling for one document: the same facts always become the same bytes, and so the same CID."""

from __future__ import annotations

import json
import unicodedata

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]
GREATEST = 2**53 - 1  # the greatest integer that every JSON reader keeps exactly (RFC 8785 §3.2.2.3)


class NotCanonical(ValueError):
    """A value that has no single spelling in JSON."""


def canonical(document: Json) -> bytes:
    """RFC 8785 (JCS) over NFC text (Unicode UAX #15). Raises NotCanonical for floats, and for integers beyond 2**53.

    Floats are refused although JCS writes them: their spelling is where other writers differ (1.0 or 1, 1e-7 or 1e-07).
    Without them, JCS is Python's own JSON with sorted keys: the tests compare it with an implementation of the RFC.
    """
    try:
        return json.dumps(_arranged(document), ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a text has half a letter in it (a lone surrogate)") from error


def _arranged(value: Json) -> Json:
    """The value with its text composed and its keys in the order of UTF-16."""
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_arranged(item) for item in value]
    if isinstance(value, dict):
        if all(map(str.isascii, value)):  # composed already, and in UTF-16 in the same order: nearly all that we write
            return {key: _arranged(value[key]) for key in sorted(value)}
        composed = {unicodedata.normalize("NFC", key): item for key, item in value.items()}
        if len(composed) != len(value):
            raise NotCanonical("two keys of an object are the same text")
        return {key: _arranged(composed[key]) for key in sorted(composed, key=_utf16)}
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, int) or abs(value) > GREATEST:
        raise NotCanonical(f"{type(value).__name__} {value!r} has no one spelling")
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")
