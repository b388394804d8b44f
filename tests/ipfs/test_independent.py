"""The same trees get the same names here and from another implementation: Helia's importer."""

import base64
import random
from typing import Any

import pytest

from ipfs.building import Builder, Built
from ipfs.unixfs import V0_2015, V1_2025, Estimate, Profile
from tests.ipfs import independent

pytestmark = pytest.mark.node

SEED = 20_261_124
LETTERS = "abcXYZ019-_. 町の住民票が🍣ｶé"
PROFILES = {
    "unixfs-v1-2025": (V1_2025, {"profile": "unixfs-v1-2025"}),
    "unixfs-v0-2015": (V0_2015, {"profile": "unixfs-v0-2015"}),
}
Tree = dict[str, "bytes | Tree"]


def a_name(chance: random.Random) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randint(1, 20))).strip(" .") + f"{chance.randint(0, 10**9)}"


def a_tree(chance: random.Random, sizes: list[int], depth: int = 3) -> Tree:
    tree: Tree = {}
    for _ in range(chance.randint(1, 8)):
        deeper = depth > 1 and chance.random() < 0.3
        tree[a_name(chance)] = a_tree(chance, sizes, depth - 1) if deeper else chance.randbytes(chance.choice(sizes))
    return tree


def ours(tree: Tree, profile: Profile) -> str:
    builder = Builder(lambda block: None, profile)

    def build(part: bytes | Tree) -> Built:
        if isinstance(part, bytes):
            return builder.file(part)
        return builder.directory({name: build(below) for name, below in part.items()})

    return str(build(tree).cid)


def asked(trees: list[Tree], options: dict[str, Any], tiny: dict[str, int] | None = None) -> dict[str, Any]:
    def flat(tree: Tree, at: str = "") -> list[list[str | None]]:
        entries: list[list[str | None]] = []
        for name, part in tree.items():
            if isinstance(part, bytes):
                entries.append([at + name, base64.b64encode(part).decode()])
            else:
                entries += flat(part, f"{at}{name}/") or [[at + name, None]]
        return entries

    return {"options": options, "tiny": tiny, "trees": [flat(tree) for tree in trees]}


def theirs(*each: dict[str, Any]) -> list[list[str]]:
    """What is asked at once is answered by one program: it takes half a second to start."""
    names: list[list[str]] = independent.run("import.mjs", given=each)
    return names


@pytest.mark.parametrize("name", PROFILES)
def test_random_trees_get_the_same_cids(name: str) -> None:
    profile, options = PROFILES[name]
    chance = random.Random(SEED)
    edge = profile.chunk_bytes
    sizes = [0, 1, 700, 5_000, edge - 1, edge, edge + 1, 2 * edge]
    trees = [a_tree(chance, sizes[:4] if number % 5 else sizes, 2) for number in range(20)]
    assert [[ours(tree, profile) for tree in trees]] == theirs(asked(trees, options))


def test_files_of_many_levels_get_the_same_cids() -> None:
    """Chunks of a few bytes and few links to a node: trees as deep as petabytes would make them."""
    chance, mine, questions = random.Random(SEED + 1), [], []
    for raw_leaves in (True, False) * 6:
        chunk, width = chance.randint(1, 16), chance.randint(2, 7)
        profile = Profile("tiny", 1, raw_leaves, chunk, width, Estimate.BLOCK)
        trees: list[Tree] = [{"file": chance.randbytes(chance.randint(0, 900))} for _ in range(10)]
        options = {"profile": "unixfs-v1-2025", "rawLeaves": raw_leaves}
        mine.append([ours(tree, profile) for tree in trees])
        questions.append(asked(trees, options, {"chunk": chunk, "width": width}))
    assert mine == theirs(*questions)


@pytest.mark.parametrize("name", PROFILES)
def test_large_directories_get_the_same_cids(name: str) -> None:
    """On both sides of the size at which a directory is split into shards, and far above it."""
    profile, options = PROFILES[name]
    chance = random.Random(SEED + 2)
    trees: list[Tree] = [
        {f"{serial}.json": b"{}" for serial in range(1, 1_001)},
        {a_name(chance): b"%d" % number for number in range(3_500)},
        {f"{serial}.json": b"{}" for serial in range(1, 6_001)},
    ]
    assert [[ours(tree, profile) for tree in trees]] == theirs(asked(trees, options))
