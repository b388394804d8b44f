"""Documents that come with an application: few kinds, small, made harmless where possible, and read by staff alone.

A picture is decoded and written anew. A PDF can't be: it is kept as it came, after a look for scripts, programs and
passwords, and is handed out only as a download, never shown by our pages.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.admissions.models import Enclosure
from marketplace.blobs import keeping as blobs
from marketplace.blobs.keeping import bring
from marketplace.blobs.store import room
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.erasures import PORTION, erases
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid
from marketplace.listings.models import Listing, ListingState
from marketplace.metadata import pictures
from marketplace.metadata.pictures import PictureRefused, of_iphone, sanitise, turn
from marketplace.settings import settings

MOST_BYTES = pictures.MOST_BYTES
MOST_OF_PDF = 5 * 1024 * 1024
LONGEST = 3000
"""Pixels of a side: a driving licence or a sheet of A4 can be read, and a telephone's photograph loses four fifths."""
MOST_ENCLOSURES = 5
NEVER_SENT = timedelta(days=2)


def _letters(name: bytes) -> bytes:
    return b"".join(b"(?:%c|#(?i:%02x))" % (letter, letter) for letter in name)


def _named(*names: bytes) -> re.Pattern[bytes]:
    """Any of these names of a PDF. Each letter may be written by its number (§7.3.5): /J#61vaScript is /JavaScript.
    They are sought as they may stand: a small file unfolds to millions of numbers, and to put each right takes minutes.
    The first letter is looked at before all else, for a file may be made of strokes, too."""
    first = bytes(sorted({name[0] for name in names}))
    begin = b"[%s]|#(?i:%s)" % (first, b"|".join(b"%02x" % letter for letter in first))
    ways = (
        _letters(bytes([letter])) + b"(?:%s)" % b"|".join(_letters(name[1:]) for name in names if name[0] == letter)
        for letter in first
    )
    return re.compile(b"/(?=%s)(?:%s)(?![\\w#])" % (begin, b"|".join(ways)))


ACTIVE = _named(
    *(b"JavaScript", b"Rendition", b"Launch", b"EmbeddedFile", b"EmbeddedFiles", b"RichMedia", b"Encrypt", b"XFA"),
    *(b"SubmitForm", b"ImportData", b"GoToE"),
)
"""Names of ISO 32000-2 for what acts by itself, sends, carries files, or can't be read. /JS is not one of them: it
stands only in actions that are named here, and three bytes are found by chance in every fifth scan of 5 MB."""
LOCKED = _named(b"Encrypt")
OBJECTS = _named(b"ObjStm")
STREAM = re.compile(rb"(?<!end)stream[ \t]*(?:\r\n|\n|\r)")
PACKED_OTHERWISE = _named(
    *(b"ASCIIHexDecode", b"ASCII85Decode", b"LZWDecode", b"RunLengthDecode", b"AHx", b"A85", b"LZW", b"RL"),
    *(b"DecodeParms", b"DP"),
)
"""Ways to pack an object stream that no program of an office takes (§7.4), and that we would have to unpack."""
MOST_UNFOLDED = 20 * 1024 * 1024
MOST_READ = 20 * 1024 * 1024
"""Bytes that are read for it. Streams do not overlap; in a file that was made so that each goes on to the end, the same
five megabytes would be read two thousand times."""
MOST_OBJECTS = 2000
"""Object streams of one file, each of a hundred objects or so."""
PORTION_READ = 8 * 1024


class EnclosureRefused(Invalid):
    code = "enclosure_refused"
    message = "書類を読み取れませんでした。PDF、JPEG、PNG のどれかでお送りください。"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, field="enclosures")


class TooManyEnclosures(EnclosureRefused):
    def __init__(self) -> None:
        super().__init__(
            _(
                "書類は%(most_enclosures)sつまでです。いらないものを取り除いてから、お送りください。",
                most_enclosures=MOST_ENCLOSURES,
            )
        )


def keep(listing_id: int, account_id: int, data: bytes) -> int:
    """Keep a document of an application that is being filled in; its id, the same for the same.

    EnclosureRefused; NoRoom, NoAnswer of the place where it is kept.
    """
    try:
        with turn():
            clean, media_type = harmless(data)
    except PictureRefused as crowded:
        raise EnclosureRefused(str(crowded)) from crowded
    sha256 = hashlib.sha256(clean).hexdigest()
    if (known := _known(listing_id, account_id, sha256)) is not None:
        return known
    let_go()
    brought = bring("enclosures", clean)
    with room(), transaction() as session:
        if (known := _known(listing_id, account_id, sha256)) is not None:
            return known  # sent twice at once: what we brought is swept
        blob_id = blobs.keep(brought)
        values = {"listing_id": listing_id, "account_id": account_id, "media_type": media_type, "sha256": sha256}
        values |= {"size": brought.size, "blob_id": blob_id, "received_at": now()}
        enclosure_id = insert_once(Enclosure, values)
        if enclosure_id is not None:
            return enclosure_id
        same = _of(listing_id, account_id).where(Enclosure.sha256 == sha256).with_for_update(of=Enclosure)
        enclosure = session.execute(same.execution_options(populate_existing=True)).scalar_one()
        if enclosure.deleted_at is None:  # the other one was a moment sooner
            blobs.drop([blob_id])
        else:
            enclosure.blob_id, enclosure.deleted_at, enclosure.received_at = blob_id, None, now()
        return enclosure.id


def _of(listing_id: int, account_id: int) -> sa.Select[Enclosure]:
    return sa.select(Enclosure).where(Enclosure.listing_id == listing_id, Enclosure.account_id == account_id)


def _known(listing_id: int, account_id: int, sha256: str) -> int | None:
    """The id where we have it already. EnclosureRefused where there is no room for one more."""
    same = _of(listing_id, account_id).where(Enclosure.sha256 == sha256, Enclosure.deleted_at.is_(None))
    if (found := db.session.scalar(same)) is not None:
        return found.id
    if len(pending(listing_id, account_id)) >= MOST_ENCLOSURES:
        raise TooManyEnclosures
    return None


def drop(enclosure_id: int, account_id: int) -> None:
    """The applicant takes a document back before the application is sent. LookupError for another's."""
    with transaction() as session:
        enclosure = lock(Enclosure, enclosure_id)
        if enclosure.account_id != account_id or enclosure.participation_id is not None:
            raise LookupError(f"Enclosure {enclosure_id}")
        session.delete(enclosure)
        blobs.drop([] if enclosure.blob_id is None else [enclosure.blob_id])


def pending(listing_id: int, account_id: int) -> list[Enclosure]:
    """What was sent for an application that is not."""
    found = sa.select(Enclosure).where(
        Enclosure.listing_id == listing_id, Enclosure.account_id == account_id, Enclosure.participation_id.is_(None)
    )
    return list(db.session.scalars(found.where(Enclosure.deleted_at.is_(None)).order_by(Enclosure.id)))


def enclosures_of(participation_id: int) -> list[Enclosure]:
    return list(
        db.session.scalars(
            sa.select(Enclosure).where(Enclosure.participation_id == participation_id).order_by(Enclosure.id)
        )
    )


def read(enclosure_id: int, participation_code: str, by: str) -> tuple[bytes, str]:
    """(bytes, media type) for a member of staff; the journal says who read it. LookupError where it is gone.

    Unavailable, where it can't be had now; then nobody has read it.
    """
    enclosure = get(Enclosure, enclosure_id)
    if enclosure.blob_id is None:
        raise LookupError(f"Enclosure {enclosure_id}")
    media_type = enclosure.media_type
    data = blobs.read(enclosure.blob_id)
    with transaction():
        note(f"participation:{participation_code}", "read_enclosure", by=by, enclosure=enclosure_id)
    return data, media_type


def harmless(data: bytes) -> tuple[bytes, str]:
    """(bytes to keep, media type). EnclosureRefused says what is wrong and what to do."""
    if not data:
        raise EnclosureRefused("空のファイルです。")
    if data.startswith(b"%PDF-"):
        if len(data) > MOST_OF_PDF:
            raise EnclosureRefused("ファイルが大きすぎます。PDFは1つ5MBまででお送りください。")
        return _pdf(data), "application/pdf"
    if not data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) and not of_iphone(data):
        raise EnclosureRefused
    try:
        clean = sanitise(data, LONGEST)
    except PictureRefused as refusal:
        raise EnclosureRefused(str(refusal)) from refusal
    if len(clean.data) > MOST_BYTES:  # a PNG may grow when it is written anew
        raise EnclosureRefused("写真が大きすぎます。小さくしてからお送りください。")
    return clean.data, clean.media_type


def _pdf(data: bytes) -> bytes:
    if b"%%EOF" not in data[-2048:]:
        raise EnclosureRefused("PDFが途中で切れているようです。もう一度お送りください。")
    found = next(filter(None, map(ACTIVE.search, _readable(data))), None)
    if found is None:
        return data
    if LOCKED.match(found[0]):
        raise EnclosureRefused("パスワードのついたPDFは読めません。パスワードを外してお送りください。")
    raise EnclosureRefused(
        "プログラムやファイルの入ったPDFはお受けできません。印刷し直したPDFか、写真でお送りください。"
    )


def _readable(data: bytes) -> Iterator[bytes]:
    """The parts of a PDF that hold names: the file, and what its object streams (§7.5.7) unfold to.
    EnclosureRefused where that is out of all proportion, or packed in a way that we can't look into."""
    yield data
    left, unread, whole = MOST_UNFOLDED, MOST_READ, memoryview(data)
    for count, (told, start) in enumerate(_object_streams(data), 1):
        if count > MOST_OBJECTS or PACKED_OTHERWISE.search(told):
            raise EnclosureRefused
        part, read = _unfolded(whole[start:], left + 1, unread)
        left, unread = left - len(part), unread - read
        if left < 0 or unread < 0:
            raise EnclosureRefused
        yield part


def _unfolded(packed: memoryview, most: int, most_read: int) -> tuple[bytes, int]:
    """(what the stream at its beginning unfolds to, bytes read for it), neither much more than asked for; nothing of
    one that is not packed, which was read as it stands. EnclosureRefused for a broken one: some programs read it as far
    as it goes, and most never look at the sum at its end, so neither is that looked at here."""
    head = bytes(packed[:2])
    if len(head) < 2 or head[0] & 15 != zlib.DEFLATED or int.from_bytes(head, "big") % 31:  # RFC 1950 §2.2
        return b"", 0
    stream, part, read = zlib.decompressobj(-zlib.MAX_WBITS), b"", len(head)
    try:
        while not stream.eof and read < len(packed) and read <= most_read and len(part) < most:
            portion = packed[read : read + PORTION_READ]
            read += len(portion)
            part += stream.decompress(portion, most - len(part))
    except zlib.error:
        raise EnclosureRefused from None
    return part, read


def _object_streams(data: bytes) -> Iterator[tuple[bytes, int]]:
    """(what is said of it, where it begins) of each: what is said of a stream stands before it, after the last one."""
    after = 0
    for found in STREAM.finditer(data):
        if (name := OBJECTS.search(data, after, found.start())) is not None:
            begins = data.rfind(b" obj", after, name.start())
            yield data[max(begins, after) : found.start()], found.end()
        after = found.end()


def _done_with(at: datetime) -> sa.ColumnElement[bool]:
    """Documents whose sale ended long enough before `at`, and those of applications never sent."""
    over = sa.exists().where(
        Listing.id == Enclosure.listing_id,
        Listing.state.in_((ListingState.COMPLETED, ListingState.CANCELLED)),
        Listing.closes_at < at - timedelta(days=settings().enclosures_kept_days),
    )
    forgotten = sa.and_(Enclosure.participation_id.is_(None), Enclosure.received_at < at - NEVER_SENT)
    return sa.and_(Enclosure.deleted_at.is_(None), sa.or_(over, forgotten))


def due(at: datetime) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Enclosure).where(_done_with(at))) or 0


def delete_due() -> int:
    """Delete the bytes of some of them; how many."""
    with transaction():
        return _delete(_done_with(now()))


def forget(account_id: int) -> int:
    """Delete the bytes of every document of a person; how many."""
    with transaction():
        return _delete(sa.and_(Enclosure.deleted_at.is_(None), Enclosure.account_id == account_id))


def _delete(which: sa.ColumnElement[bool]) -> int:
    rows = list(db.session.scalars(sa.select(Enclosure).where(which).limit(PORTION).with_for_update(of=Enclosure)))
    gone = [enclosure.blob_id for enclosure in rows if enclosure.blob_id is not None]
    for enclosure in rows:
        enclosure.blob_id, enclosure.deleted_at = None, now()
        note(f"enclosure:{enclosure.id}", "delete")
    blobs.drop(gone)
    return len(rows)


erases("admissions.enclosures", "参加申込の書類", "出品の終了から{enclosures}日", due, delete_due)
