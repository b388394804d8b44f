"""The picture of a right, as staff choose it: uploaded, or drawn from a number."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from werkzeug.datastructures import FileStorage

from marketplace.kit.refusals import Invalid, Unavailable


def keep(file: FileStorage) -> int:
    """Store an uploaded picture; its id. Invalid, beside the field, where it is none."""
    if not can_upload():
        raise Unavailable("there is no office for pictures")
    store = import_module("marketplace.metadata.pictures").store
    try:
        picture_id: int = store(file)
    except Invalid as refusal:
        raise Invalid(str(refusal), field="picture") from None
    return picture_id


def can_upload() -> bool:
    return bool(find_spec("marketplace.metadata") and find_spec("marketplace.metadata.pictures"))
