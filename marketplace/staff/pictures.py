"""The picture of a right, as staff upload it."""

from __future__ import annotations

from werkzeug.datastructures import FileStorage

from marketplace.listings.drafting import staff_name
from marketplace.metadata import pictures
from marketplace.staff.desk import me


def keep(file: FileStorage) -> int:
    """Keep an uploaded picture; its id. Invalid, beside the field, where it is none; NoRoom where there is no place."""
    return pictures.keep(file.stream.read(pictures.MOST_BYTES + 1), by=staff_name(me().id))
