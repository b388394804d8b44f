"""The official vectors of the CID profiles: the same bytes must get the same name here as from Kubo."""

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from Crypto.Cipher import ChaCha20

from ipfs.building import Builder
from ipfs.unixfs import PROFILES

VECTORS = json.loads((Path(__file__).parent / "vectors" / "ipip-0499.json").read_text())
LONG = 1 << 30  # bytes; hashed only when asked: IPFS_LONG_VECTORS=1


class Stream(io.RawIOBase):
    """The bytes that the vectors were made of, as a file."""

    def __init__(self, seed: str, size: int) -> None:
        self.cipher = ChaCha20.new(key=hashlib.sha256(seed.encode()).digest(), nonce=bytes(8))
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        return self.cipher.encrypt(bytes(size))


def name_of(vector: dict[str, Any]) -> str:
    return str(vector["name"])


@pytest.mark.parametrize("vector", VECTORS["files"], ids=name_of)
def test_a_file_has_the_official_cid(vector: dict[str, Any]) -> None:
    if vector.get("size", 0) >= LONG and not os.environ.get("IPFS_LONG_VECTORS"):
        pytest.skip("1 GiB: set IPFS_LONG_VECTORS=1 to hash it too")
    source = vector["text"].encode() if "text" in vector else Stream(vector["seed"], vector["size"])
    built = Builder(lambda block: None, PROFILES[vector["profile"]]).file(source)
    assert str(built.cid) == vector["cid"]


@pytest.mark.parametrize("vector", VECTORS["directories"], ids=name_of)
def test_a_directory_has_the_official_cid(vector: dict[str, Any]) -> None:
    builder = Builder(lambda block: None, PROFILES[vector["profile"]])
    stream, alphabet = Stream(vector["seed"], 1 << 20), VECTORS["alphabet"]
    lengths = [vector["length"]] * vector["names"]
    lengths[-1:] = [vector["last"]] * bool(lengths)
    names = ["".join(alphabet[byte % len(alphabet)] for byte in stream.read(length)) for length in lengths]
    content = builder.file(b"x")
    assert str(builder.directory(dict.fromkeys(names, content)).cid) == vector["cid"]
