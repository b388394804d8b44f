"""Pictures: those that staff upload, made harmless, and those that are drawn where nobody uploaded one.

An upload is decoded, looked at, and written anew, so that nothing but the pixels remains.

Only PNG, JPEG and WebP are ever handed to a parser; the other formats of Pillow, where most of its holes were, are not
tried. The clean bytes are kept once and for ever: JPEG written twice differs, so no CID is checked by cleaning again.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import sqlalchemy as sa
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ipfs.building import Builder
from marketplace.art.raster import png
from marketplace.art.scenes import scene
from marketplace.blobs import keeping as blobs
from marketplace.blobs.keeping import bring
from marketplace.blobs.store import room
from marketplace.journal.writing import note
from marketplace.kit.alone import alone
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, let_go, transaction
from marketplace.kit.refusals import Invalid
from marketplace.metadata.models import Picture, PictureFile
from marketplace.rights.models import Right
from marketplace.settings import settings

FORMATS = ("PNG", "JPEG", "WEBP")
TELEPHONES = "MPO"
"""What Pillow calls a JPEG behind which a small copy or a map of its brightness hangs, as many cameras write them (CIPA
DC-007). It does not move: the picture is the first, and nothing of the rest is read."""
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
"""Brands of the format in which an iPhone keeps its photographs (ISO/IEC 23008-12)."""
MOST_BYTES = 10 * 1024 * 1024
LONGEST_SIDE = 8192  # pixels
MOST_PIXELS = 40_000_000
SCAN = re.compile(rb"\xff\xda\x00[\x08\x0a\x0c\x0e][\x01-\x04]")
MOST_SCANS = 100
"""A JPEG may bring its pixels in as many passes as it likes, each of a few bytes and over all of them (ITU-T T.81 G.1);
programs that write them make a dozen."""
PATIENCE_S = 10.0
WIDTHS = (480, 960)  # pixels, of the copies for pages
FULL = 0  # "width" of the picture itself


class PictureRefused(Invalid):
    """Not a picture that can be used. The messages say what to do instead."""

    code = "picture_refused"
    message = "画像を読み取れませんでした。別の画像でお試しください。"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, field="picture")


class Clean(NamedTuple):
    """A picture without anything hidden in it."""

    data: bytes
    media_type: str
    width: int
    height: int


@contextmanager
def turn() -> Iterator[None]:
    """To decode what a stranger sent: a picture of 40 million pixels takes half a gigabyte (WebP more), and a machine
    may have as many processes as it likes. PictureRefused where others are before us for too long."""
    let_go()
    try:
        with alone(settings().data_dir, PATIENCE_S):
            yield
    except TimeoutError as crowded:
        raise PictureRefused(
            "いま、ほかの画像を読み取っています。少し待ってから、もう一度お送りください。"
        ) from crowded


def keep(data: bytes, by: str) -> int:
    """Clean an uploaded picture and keep it with its copies for pages; its id. The same picture twice is kept once.

    PictureRefused says what is wrong with it, NoRoom that there is no place for it, NoAnswer that the place is silent.
    """
    with turn():
        clean = sanitise(data)
        files = copies(clean)
    return _keep(clean, files, by)


def keep_clean(clean: Clean, by: str) -> int:
    """Keep a picture that is clean already, with its copies for pages; its id, the same when kept again.

    NoRoom, NoAnswer.
    """
    return _keep(clean, copies(clean), by)


def _keep(clean: Clean, files: dict[int, bytes], by: str) -> int:
    sha256 = hashlib.sha256(clean.data).hexdigest()
    same = sa.select(Picture.id).where(Picture.sha256 == sha256)
    if (known := db.session.scalar(same)) is not None:
        return known
    let_go()
    brought = {width: bring("pictures", file) for width, file in files.items()}
    with room(), transaction() as session:
        picture_id = insert_once(
            Picture,
            {
                "sha256": sha256,
                "cid": str(Builder(lambda block: None).file(clean.data).cid),
                "media_type": clean.media_type,
                "width": clean.width,
                "height": clean.height,
                "kept_at": now(),
            },
        )
        if picture_id is None:  # sent twice at once: what we brought is swept
            return session.scalars(same).one()
        rows = [
            {"picture_id": picture_id, "width": width, "blob_id": blobs.keep(file)} for width, file in brought.items()
        ]
        session.execute(sa.insert(PictureFile), rows)
        note(f"picture:{picture_id}", "keep", by=by, sha256=sha256)
        return picture_id


def file_of(picture_id: int, width: int = FULL) -> bytes:
    """The bytes of a picture or of its copy of this width. LookupError where there is none; Unavailable."""
    blob_id = db.session.scalar(
        sa.select(PictureFile.blob_id).where(PictureFile.picture_id == picture_id, PictureFile.width == width)
    )
    if blob_id is None:
        raise LookupError(f"picture {picture_id}, width {width}")
    return blobs.read(blob_id)


def sanitise(data: bytes, longest: int | None = None) -> Clean:
    """The picture as fresh PNG or JPEG: upright, sRGB, one frame, no text, no place, no tail. PictureRefused.

    With `longest` no side is longer than that, and of a larger JPEG only the pixels that are needed are decoded: nobody
    has to make a photograph of 50 million smaller before sending it.
    """
    if not data:
        raise PictureRefused("画像が選ばれていません。")
    if len(data) > MOST_BYTES:
        raise PictureRefused("画像が大きすぎます。10MBまでの画像をお選びください。")
    if of_iphone(data):
        raise PictureRefused(
            "iPhoneの写真の形式（HEIC）は読み取れません。iPhoneの「設定」の「カメラ」の「フォーマット」で「互換性優先」を"
            "選んで撮り直すか、写真を画面に出して、その画面を撮影した画像（スクリーンショット）をお送りください。"
        )
    if data.startswith(b"\xff\xd8") and len(SCAN.findall(data)) > MOST_SCANS:
        raise PictureRefused
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            pixels, lossless = _decoded(data, longest)
    except PictureRefused:
        raise
    except UnidentifiedImageError as error:
        raise PictureRefused("写真の形式は PNG・JPEG・WebP のどれかでお願いします。") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PictureRefused(_TOO_WIDE) from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:  # what Pillow raises for broken files
        raise PictureRefused("画像がこわれているようです。保存し直すか、別の画像でお試しください。") from error
    out = io.BytesIO()
    if lossless:
        pixels.save(out, "PNG")
    else:
        # No optimize and no progressive: with them Pillow fails on some pictures ("broken data stream").
        pixels.save(out, "JPEG", quality=90)
    return Clean(out.getvalue(), "image/png" if lossless else "image/jpeg", *pixels.size)


def of_iphone(data: bytes) -> bool:
    """Whether it is HEIC: whoever sends one has no other, and needs to be told how to get one."""
    return data[4:8] == b"ftyp" and data[8:12] in HEIC


def shrink(clean: Clean, width: int) -> bytes:
    """A WebP copy for pages, at most this wide; smaller pictures keep their size."""
    picture: Image.Image = Image.open(io.BytesIO(clean.data), formats=FORMATS)
    if clean.width > width:
        height = max(1, round(clean.height * width / clean.width))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82)
    return out.getvalue()


@lru_cache(maxsize=8)
def drawn(kind: str, seed: int) -> Clean:
    """The picture of a right that nobody gave one: what `art` draws from its kind and number. Takes about a second."""
    data = png(scene(kind, seed), WIDTHS[-1])
    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        return Clean(data, "image/png", *picture.size)


@lru_cache(maxsize=8)
def copies(clean: Clean) -> dict[int, bytes]:
    """{width: bytes}: the picture itself under FULL, and its copies for pages."""
    return {FULL: clean.data} | {width: shrink(clean, width) for width in WIDTHS}


def url(right: Right, width: int) -> str:
    """The address of a right's picture for pages, WIDTHS wide at most."""
    if right.picture_id is not None:
        return f"/pictures/{right.picture_id}/{width}.webp"
    return f"/pictures/{right.code}/{width}.webp"


def own_url(right: Right, serial: int) -> str | None:
    """The address of the picture that this token alone has; None where the right has one for all, or none yet."""
    if not right.art_per_token or right.metadata_uri is None:
        return None
    return f"/ipfs/{right.metadata_uri.removeprefix('ipfs://')}art/{serial}.svg"


_TOO_WIDE = "画像の縦横が大きすぎます。長いほうの辺を8,192ピクセルまで、全体を4,000万画素までにしてください。"


def _check_shape(picture: Image.Image) -> None:
    """By the header alone, before a pixel is decoded."""
    if max(picture.size) > LONGEST_SIDE or picture.width * picture.height > MOST_PIXELS:
        raise PictureRefused(_TOO_WIDE)
    if picture.format != TELEPHONES and getattr(picture, "n_frames", 1) != 1:
        raise PictureRefused("動く画像は使えません。止まっている画像をお選びください。")


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _decoded(data: bytes, longest: int | None) -> tuple[Image.Image, bool]:
    """The pixels, upright and in sRGB, with none of the file's other contents; and whether none of them may be lost.

    Of 40 million pixels each copy takes 160 MB: there are never more than two, and what is only needed smaller becomes
    so first.
    """
    picture: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
    if longest is not None:
        width, height = (max(1, side * longest // max(picture.size)) for side in picture.size)
        picture.draft(None, (width, height))
    _check_shape(picture)
    alpha = _has_alpha(picture)
    lossless = picture.format == "PNG" or alpha
    picture.load()
    profile = picture.info.get("icc_profile")
    if picture.mode == "I;16":  # a scan in grey: as it is, all but the darkest would become white
        picture = picture.point(lambda grey: grey / 256, "L")
    kind = "RGBA" if alpha else "RGB"
    if picture.mode != kind and (alpha or picture.mode not in ("L", "CMYK")):
        picture = picture.convert(kind)
    if longest is not None:
        picture.thumbnail((longest, longest))
    ImageOps.exif_transpose(picture, in_place=True)
    if profile:
        picture = _in_srgb(picture, profile)
    picture = picture.convert(kind)  # a picture in memory alone, also where it is of this kind already
    picture.info = {}
    return picture, lossless


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as the profile means them; a profile that can't be used is passed over, as browsers do."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGB" if picture.mode in ("L", "CMYK") else picture.mode
        changed = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return changed if changed is not None else picture
