"""Pictures of every sort, made here."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def photo(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Two colours, so that turning it is seen: the left half red, the right half blue."""
    picture = Image.new("RGB", (width, height), (200, 30, 30))
    picture.paste((30, 30, 200), (width // 2, 0, width, height))
    return picture.convert(mode)


def photo_with_place(turned: bool = False) -> bytes:
    """A JPEG as a telephone makes it: camera, place, and maybe lying on its side."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6 if turned else 1
    exif.get_ifd(0x8825).update({1: "N", 2: (38.0, 24.0, 0.0), 3: "E", 4: (140.0, 6.0, 0.0)})
    return encoded(photo(), "JPEG", exif=exif)


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises this many pixels and brings none."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")


def jpeg_of_many_scans(times: int) -> bytes:
    """A small JPEG whose last pass over all its pixels comes so many times more."""
    whole = encoded(photo(), "JPEG", progressive=True)
    tables, end = whole.rfind(b"\xff\xc4"), whole.rfind(b"\xff\xd9")
    return whole[:end] + whole[tables:end] * times + whole[end:]


def png_with_text_bomb() -> bytes:
    """A small PNG with a compressed comment of 200 MB."""
    whole = encoded(photo())
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    return whole[:33] + text + whole[33:]


def animated(kind: str) -> bytes:
    frames = [photo(), photo().rotate(180)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def of_telephone() -> bytes:
    """A JPEG behind which a smaller one hangs, turned as the hand was."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(photo(), "MPO", save_all=True, append_images=[photo(32, 24)], exif=exif)


def scan() -> bytes:
    """A PNG in grey of 16 bits: black on the left, half grey in the middle, nearly white on the right."""
    row = b"".join(grey.to_bytes(2, "little") * width for grey, width in ((0, 20), (0x8000, 24), (0xFA00, 20)))
    return encoded(Image.frombytes("I;16", (64, 48), row * 48))


def heic() -> bytes:
    """The beginning of what an iPhone keeps."""
    return struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic") + bytes(200)


def with_profile() -> bytes:
    """A PNG whose colours are meant in another space."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return encoded(photo(), "PNG", icc_profile=profile.tobytes())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
