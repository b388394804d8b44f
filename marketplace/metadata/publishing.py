"""Give an approved right its documents: the picture, then the terms, then one for each token, all in one tree.

    ipfs://<root>/1.json … n.json      what tokenURI points to; of a single token, by the document's own CID
                 /terms.json           the approved text; its hash is on the listing
                 /picture.png          or .jpg
                 /locales/<ja|en>/1.json …   where the right is written in both languages
                 /art/1.svg …          where each token has a picture of its own

The documents name picture and terms by their own CIDs; that these lie in the same tree too makes one root to pin, one
CAR to carry and one hash to tell the public before a sale opens. A correction (amending.py) is another such tree.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import sqlalchemy as sa

from ipfs import car
from ipfs.blockstore import MemoryBlockstore, SqlBlockstore
from ipfs.building import Builder, Built
from ipfs.cid import CID
from marketplace.art.scenes import token_art
from marketplace.journal.writing import SYSTEM, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.metadata import documents, pictures
from marketplace.metadata.canonical import canonical
from marketplace.metadata.documents import LOCALES, Issuer, Series, Shown
from marketplace.metadata.models import Document, Picture, Pin, blocks
from marketplace.outbox.promising import say
from marketplace.rights.models import Right, RightState
from marketplace.settings import Settings, settings

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg"}


@dataclass(frozen=True, slots=True)
class Composed:
    """All that is published of one right: its blocks, the root, and the CID of each file by its path."""

    store: MemoryBlockstore
    root: CID
    files: dict[str, CID]

    @property
    def single(self) -> CID | None:
        """The document of the only token, where there is only one."""
        return None if "2.json" in self.files else self.files["1.json"]


def publish(right_id: int, quantity: int) -> None:
    """Compose the documents of an approved right and keep them, all or nothing ⇢ metadata.published.

    Doing it again changes nothing: an approved text is frozen, so the documents and their CIDs are the same.
    """
    right = get(Right, right_id)
    if right.metadata_uri is not None:
        return
    assert right.state == RightState.APPROVED, "only what was approved is published"
    picture_id = picture_of(right)
    composed = compose(right, quantity, whole(picture_id), issuer(settings()))
    let_go()  # composing takes its time: it holds no snapshot and no lock
    with transaction():
        right = lock(Right, right_id)
        if right.metadata_uri is None:
            keep_edition(right, composed, 1, picture_id)
            right.terms_cid = str(composed.files["terms.json"])
            note(right.subject, "publish_metadata", root=str(composed.root), documents=quantity)


def keep_edition(right: Right, composed: Composed, edition: int, picture_id: int) -> None:
    """Keep a tree and let the right's tokens point to it, inside the transaction that holds the right's lock."""
    session = db.session
    SqlBlockstore(session.connection(), blocks).put(composed.store)
    session.execute(sa.insert(Document), _rows(right.id, edition, composed))
    session.add(_pin(right.id, edition, composed))
    shown = sa.update(Picture).where(Picture.id == picture_id, Picture.published_at.is_(None))
    session.execute(shown.values(published_at=now()))
    right.metadata_uri, right.metadata_edition = f"ipfs://{composed.root}/", edition
    right.document_uri = f"ipfs://{composed.single}" if composed.single else None
    key = right.code if edition == 1 else f"{right.code}:{edition}"
    say("metadata.published", key=key, right_id=right.id)


def compose(
    right: Right,
    quantity: int,
    picture: pictures.Clean,
    issuer: Issuer,
    shown: Shown | None = None,
    amends: str | None = None,
) -> Composed:
    """The whole tree in memory: pure, and the same every time. `shown` and `amends` are those of a correction."""
    store = MemoryBlockstore()
    builder = Builder(store.keep)
    kept = builder.file(picture.data)
    terms = builder.file(canonical(documents.terms(right, issuer)))
    entries: dict[str, Built] = {}
    series = Series(
        right=right,
        quantity=quantity,
        issuer=issuer,
        picture=str(kept.cid),
        picture_sha256=hashlib.sha256(picture.data).hexdigest(),
        terms=str(terms.cid),
        locales=None,
        shown=shown,
        amends=amends,
    )
    drawings: dict[str, Built] = {}
    if right.art_per_token:
        series, drawings = _drawings(builder, series)
        entries["art"] = builder.directory(drawings)
    if documents.is_bilingual(series.words):
        entries["locales"] = _locales(builder, series)
        series = documents.with_locales(series, str(entries["locales"].cid))
    for serial in range(1, quantity + 1):
        document = documents.token(series, serial)
        if serial in (1, quantity):  # those between differ in the number only
            documents.check(document)
        entries[f"{serial}.json"] = builder.file(canonical(document))
    entries["terms.json"] = terms
    entries[f"picture.{EXTENSIONS[picture.media_type]}"] = kept
    root = builder.directory(entries).cid
    files = {path: built.cid for path, built in entries.items()}
    return Composed(store, root, files | {f"art/{name}": built.cid for name, built in drawings.items()})


def _drawings(builder: Builder, series: Series) -> tuple[Series, dict[str, Built]]:
    """A picture for each token, as SVG: a thousand in three seconds, where pixels would take twenty minutes.

    Drawn by rule from the right's number, so that a lost one can be drawn again to the byte.
    """
    right, found, named = series.right, {}, {}
    for serial in range(1, series.quantity + 1):
        drawing = token_art(str(right.kind), right.art_seed, serial, series.quantity).encode()
        built = found[f"{serial}.svg"] = builder.file(drawing)
        named[serial] = (str(built.cid), hashlib.sha256(drawing).hexdigest())
    return replace(series, pictures=named), found


def picture_of(right: Right) -> int:
    """The id of the right's picture: the one that was uploaded for it, or one that is drawn and kept now."""
    if right.picture_id is not None:
        return right.picture_id
    drawing = pictures.drawn(right.kind, right.art_seed)
    let_go()
    return pictures.keep_clean(drawing, by=SYSTEM)


def whole(picture_id: int) -> pictures.Clean:
    """A kept picture with its bytes. LookupError where there is none; Unavailable."""
    row = get(Picture, picture_id)
    about = row.media_type, row.width, row.height
    return pictures.Clean(pictures.file_of(row.id), *about)


def issuer(of: Settings) -> Issuer:
    return Issuer(ja=of.town_name, en=of.town_name_en, fund_ja=of.fund_name)


def _locales(builder: Builder, series: Series) -> Built:
    """The directory of what wallets show in another language (ERC-1155): <locale>/<serial>.json."""
    serials = range(1, series.quantity + 1)
    return builder.directory(
        {
            locale: builder.directory(
                {f"{n}.json": builder.file(canonical(documents.localized(series, n, locale))) for n in serials}
            )
            for locale in LOCALES
        }
    )


def _rows(right_id: int, edition: int, composed: Composed) -> list[dict[str, object]]:
    same: dict[str, object] = {"right_id": right_id, "edition": edition}
    rows: list[dict[str, object]] = [{**same, "path": "", "serial": None, "cid": str(composed.root)}]
    for path, cid in composed.files.items():
        number = path.removesuffix(".json").removeprefix("art/").removesuffix(".svg")
        serial = int(number) if number.isdecimal() else None
        rows.append({**same, "path": path, "serial": serial, "cid": str(cid)})
    return rows


def _pin(right_id: int, edition: int, composed: Composed) -> Pin:
    digest, size = hashlib.sha256(), 0
    for piece in car.export(composed.store, composed.root):
        digest.update(piece)
    for block in composed.store:
        size += len(block.data)
    return Pin(
        right_id=right_id,
        edition=edition,
        root=str(composed.root),
        blocks=len(composed.store),
        bytes=size,
        car_sha256=digest.hexdigest(),
        published_at=now(),
    )
