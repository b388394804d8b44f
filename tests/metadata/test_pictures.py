import io
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from marketplace.blobs.store import NoRoom
from marketplace.kit.alone import alone
from marketplace.kit.db import db, get, is_sqlite
from marketplace.metadata import pictures
from marketplace.metadata.models import Picture, PictureFile
from marketplace.metadata.pictures import FULL, MOST_SCANS, PictureRefused, file_of, keep, sanitise
from marketplace.settings import settings
from tests.metadata import pictures as made
from tests.racing import at_once
from tests.town import ROOT

BY = "staff:ACC-TEST"


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "画像が選ばれていません", id="nothing"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG・JPEG・WebP", id="SVG"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PNG・JPEG・WebP", id="EPS"),
        pytest.param(b"%PDF-1.7\n", "PNG・JPEG・WebP", id="PDF"),
        pytest.param(made.encoded(made.photo(), "TIFF"), "PNG・JPEG・WebP", id="TIFF"),
        pytest.param(made.encoded(made.photo(), "BMP"), "PNG・JPEG・WebP", id="BMP"),
        pytest.param(made.encoded(made.photo(), "GIF"), "PNG・JPEG・WebP", id="GIF"),
        pytest.param(b"<html><script>alert(1)</script></html>", "PNG・JPEG・WebP", id="a page named .png"),
        pytest.param(made.heic(), "HEIC.*互換性優先", id="what an iPhone keeps"),
        pytest.param(made.animated("PNG"), "動く画像", id="a moving PNG"),
        pytest.param(made.animated("WEBP"), "動く画像", id="a moving WebP"),
        pytest.param(made.png_header(50_000, 50_000), "縦横が大きすぎます", id="a bomb of pixels"),
        pytest.param(made.png_header(8193, 1), "縦横が大きすぎます", id="one side too long"),
        pytest.param(made.png_header(8000, 5001), "縦横が大きすぎます", id="too many pixels"),
        pytest.param(made.encoded(made.photo(640, 480), "JPEG")[:-400], "こわれているようです", id="half a JPEG"),
        pytest.param(made.encoded(made.photo())[:60], "こわれているようです", id="half a PNG"),
        pytest.param(made.png_header(10, 10), "こわれているようです", id="a PNG without pixels"),
        pytest.param(bytes(pictures.MOST_BYTES + 1), "10MBまで", id="too many bytes"),
    ],
)
def test_a_picture_that_cannot_be_used_is_refused_with_a_reason(data: bytes, message: str) -> None:
    with pytest.raises(PictureRefused, match=message) as refusal:
        sanitise(data)
    assert refusal.value.field == "picture"
    assert refusal.value.status == 422


def test_a_bomb_of_passes_is_refused_and_a_dozen_are_usual() -> None:
    with pytest.raises(PictureRefused, match="読み取れません"):
        sanitise(made.jpeg_of_many_scans(MOST_SCANS))
    assert sanitise(made.jpeg_of_many_scans(12)).media_type == "image/jpeg"


def test_a_bomb_of_text_is_refused() -> None:
    with pytest.raises(PictureRefused, match="こわれているようです"):
        sanitise(made.png_with_text_bomb())


def test_camera_and_place_are_gone() -> None:
    dirty = made.photo_with_place()
    assert b"SecretCamera" in dirty
    clean = sanitise(dirty)
    assert b"SecretCamera" not in clean.data
    assert dict(opened(clean.data).getexif()) == {}
    assert opened(clean.data).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_picture_on_its_side_is_put_upright() -> None:
    clean = sanitise(made.photo_with_place(turned=True))
    assert (clean.width, clean.height) == (48, 64)
    upper = opened(clean.data).convert("RGB").getpixel((24, 8))
    assert isinstance(upper, tuple)
    assert upper[0] > upper[2], "the red half is above"


def test_a_photograph_with_a_smaller_one_behind_it_does_not_move_and_is_the_first() -> None:
    sent = made.of_telephone()
    assert opened(sent).format == "MPO"
    clean = sanitise(sent)
    assert (clean.media_type, clean.width, clean.height) == ("image/jpeg", 48, 64)
    assert opened(clean.data).format == "JPEG"


def test_a_scan_of_sixteen_bits_keeps_its_greys() -> None:
    clean = sanitise(made.scan())
    row = [opened(clean.data).getpixel((x, 24)) for x in (4, 32, 60)]
    assert (clean.media_type, row) == ("image/png", [(0, 0, 0), (128, 128, 128), (250, 250, 250)])


def test_what_hangs_behind_a_picture_is_gone() -> None:
    clean = sanitise(made.encoded(made.photo(), "JPEG") + b"<script>alert(1)</script>")
    assert b"script" not in clean.data


def test_text_inside_a_png_is_gone() -> None:
    info = PngInfo()
    info.add_text("Author", "SecretAuthor")
    dirty = made.encoded(made.photo(), pnginfo=info)
    assert b"SecretAuthor" in dirty
    assert b"SecretAuthor" not in sanitise(dirty).data


@pytest.mark.parametrize(
    ("data", "media_type", "mode"),
    [
        pytest.param(made.encoded(made.photo()), "image/png", "RGB", id="PNG"),
        pytest.param(made.encoded(made.photo(mode="RGBA")), "image/png", "RGBA", id="PNG that shines through"),
        pytest.param(made.encoded(made.photo(mode="P")), "image/png", "RGB", id="PNG with a palette"),
        pytest.param(made.encoded(made.photo(mode="L")), "image/png", "RGB", id="grey PNG"),
        pytest.param(made.encoded(made.photo(), "JPEG"), "image/jpeg", "RGB", id="JPEG"),
        pytest.param(made.encoded(made.photo(mode="CMYK"), "JPEG"), "image/jpeg", "RGB", id="JPEG for print"),
        pytest.param(made.encoded(made.photo(), "WEBP"), "image/jpeg", "RGB", id="WebP"),
        pytest.param(
            made.encoded(made.photo(mode="RGBA"), "WEBP", lossless=True), "image/jpeg", "RGB", id="WebP, opaque"
        ),
        pytest.param(made.with_profile(), "image/png", "RGB", id="a profile that does not fit"),
    ],
)
def test_every_allowed_picture_becomes_png_or_jpeg_in_srgb(data: bytes, media_type: str, mode: str) -> None:
    clean = sanitise(data)
    assert (clean.media_type, clean.width, clean.height) == (media_type, 64, 48)
    assert opened(clean.data).mode == mode
    assert "icc_profile" not in opened(clean.data).info


def test_a_picture_with_much_in_it_is_encoded_too() -> None:
    noise = Image.effect_noise((1200, 900), 100).convert("RGB")
    assert sanitise(made.encoded(noise, "JPEG", quality=100)).media_type == "image/jpeg"


def test_pages_get_smaller_copies_that_are_never_larger_than_the_picture(app: Flask) -> None:
    large = keep(made.encoded(made.photo(1200, 900)), BY)
    small = keep(made.encoded(made.photo(300, 200)), BY)
    sizes = {
        (picture, width): opened(file_of(picture, width)).size
        for picture in (large, small)
        for width in pictures.WIDTHS
    }
    assert sizes == {
        (large, 480): (480, 360),
        (large, 960): (960, 720),
        (small, 480): (300, 200),
        (small, 960): (300, 200),
    }
    assert opened(file_of(large, 480)).format == "WEBP"


def test_the_same_picture_is_kept_once_also_when_sent_twice_at_the_same_time(app: Flask) -> None:
    data = made.photo_with_place()
    ids = at_once(app, 4, lambda number: keep(data, BY))
    assert len(set(ids)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Picture)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PictureFile)) == 3
    kept = get(Picture, ids[0])
    assert (kept.media_type, kept.published_at) == ("image/jpeg", None)
    assert file_of(kept.id, FULL) == sanitise(data).data


def test_while_another_is_read_on_this_machine_the_next_waits_and_is_told(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "PATIENCE_S", 0.0)
    with alone(settings().data_dir, 0), pytest.raises(PictureRefused, match="ほかの画像を読み取っています"):
        keep(made.photo_with_place(), BY)
    assert keep(made.photo_with_place(), BY) == 1


GROWTH = """
import pathlib, re, sys
from marketplace.metadata.pictures import sanitise

def peak():  # in kB, of this program alone: getrusage() would begin with what its parent has had
    return int(re.search("VmHWM:[^0-9]+([0-9]+)", pathlib.Path("/proc/self/status").read_text())[1])

data, longest, before = pathlib.Path(sys.argv[1]).read_bytes(), int(sys.argv[2]) or None, peak()
sanitise(data, longest)
print((peak() - before) * 1024)
"""


@pytest.mark.parametrize(
    ("kind", "longest", "copies"), [("JPEG", 0, 2), ("PNG", 0, 2), ("JPEG", 3000, 1), ("PNG", 3000, 2)]
)
def test_of_the_largest_picture_there_are_never_more_copies_in_memory_than_it_takes(
    kind: str, longest: int, copies: int, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(made.encoded(made.photo(8000, 5000), kind))
    command = [sys.executable, "-c", GROWTH, str(sent), str(longest)]
    grew = int(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    assert grew < (copies + 0.25) * 8000 * 5000 * 4


def test_a_picture_that_is_not_there_is_not_found(app: Flask) -> None:
    with pytest.raises(LookupError):
        file_of(77)


def test_a_full_disk_is_said_in_plain_words(app: Flask) -> None:
    if not is_sqlite():
        pytest.skip("only SQLite can be told how large it may grow")
    noise = made.encoded(Image.effect_noise((900, 900), 100).convert("RGB"))
    with db.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    @sa.event.listens_for(db.engine, "begin")
    def little_room(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")

    with pytest.raises(NoRoom, match="保存する場所がいっぱい"):
        keep(noise, BY)
    sa.event.remove(db.engine, "begin", little_room)
    db.session.remove()
    db.engine.dispose()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Picture)) == 0


def test_a_drawn_picture_is_as_clean_as_an_uploaded_one() -> None:
    drawing = pictures.drawn("certificate", 7)
    assert (drawing.media_type, drawing.width, drawing.height) == ("image/png", 960, 720)
    assert opened(drawing.data).info == {}
