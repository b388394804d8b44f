"""One spelling for one document: the same facts always become the same bytes, and so the same CID."""

from __future__ import annotations

import unicodedata

import rfc8785

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]


class NotCanonical(ValueError):
    """A value that has no single spelling in JSON."""


def canonical(document: Json) -> bytes:
    """RFC 8785 (JCS) over NFC text (Unicode UAX #15). Raises NotCanonical for floats, and for integers beyond 2**53.

    Floats are refused although JCS writes them: their spelling is where other writers differ (1.0 or 1, 1e-7 or 1e-07).
    """
    try:
        return rfc8785.dumps(_composed(document))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise NotCanonical(str(error)) from error


def _composed(value: Json) -> Json:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    if isinstance(value, dict):
        composed = {unicodedata.normalize("NFC", key): _composed(item) for key, item in value.items()}
        if len(composed) != len(value):
            raise NotCanonical("two keys of an object are the same text")
        return composed
    if isinstance(value, float):
        raise NotCanonical("a document holds no floats")
    return value
