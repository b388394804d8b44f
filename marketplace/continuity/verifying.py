"""Check anything that we published, with the server off: a draw, an auction, the fund, documents, a journal, a kit.

Reads files only: no database, no network, no settings. Whatever is wrong becomes Malformed, whose message is one line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from ipfs import resolver
from ipfs.blockstore import MemoryBlockstore
from ipfs.car import CarReader
from ipfs.cid import CID
from ipfs.errors import IpfsError
from marketplace.auctions.replay import replay
from marketplace.fund import adding_up
from marketplace.journal.checking import Fixed, Row, check
from marketplace.kit import published
from marketplace.kit.published import Malformed, Record
from marketplace.lotteries import draw
from marketplace.metadata import documents
from marketplace.metadata.canonical import canonical
from marketplace.waiting import shuffle

CAR_BEGINS = b"\xa2\x65roots"
TOKEN = re.compile(r"[1-9][0-9]*\.json")
Told = Callable[[str], None]


def verify(path: Path, told: Told = lambda what: None, heads: Path | None = None) -> str:
    """What was checked, in one line. Raises Malformed: what is wrong, in one line.

    `heads` is a copy of /journal.json that somebody kept: a journal must still go through each head of a day in it.
    """
    if path.is_dir():
        return _kit(path, told)
    try:
        with path.open("rb") as file:
            begins = file.read(16)
    except OSError as trouble:
        raise Malformed(f"cannot read {path}: {trouble.strerror}") from None
    if begins[1:].startswith(CAR_BEGINS):
        tree = Tree.read(path)
        return f"documents of {tree.right}: {len(tree.tokens)} tokens under {tree.root}, terms {tree.text_hash}"
    record = published.record(published.read(path), "the file")
    if heads is None:
        return proof(record)
    if record.get("version") != "journal-v1":
        raise Malformed("kept heads of days are for a journal")
    kept = published.record(published.read(heads), "the file of heads")
    return _journal(record, _days(kept))


def proof(record: Record) -> str:
    """Recompute a published record, and its result where that stands beside it. Raises Malformed."""
    version = record.get("version")
    match version:
        case "draw-v1":
            result = draw.result(record)
            found = f"draw: {len(result['winners'])} of {len(record['entries'])} entries won, seed {result['seed']}"
        case "auction-v1" | "sealed-v1":
            result = replay(record)
            end = "nothing sold" if result["winner"] is None else f"winner {result['winner']}, price {result['price']}"
            found = f"auction: {result['bids']} bids, {end}"
        case "waiting-v1":
            placed = shuffle.check(record)
            return f"waiting room: {len(placed['order'])} numbers in order, seed {placed['seed']}"
        case adding_up.VERSION:
            yen = adding_up.check(record)
            count = len(record["items"])
            return f"fund: {count} entries, {yen['collected_yen']} yen collected, {yen['fund_yen']} paid into the fund"
        case "journal-v1":
            return _journal(record)
        case "journal-days-v1":
            return f"journal: sealed up to {published.whole(record, 'seq', 0)}, heads of {len(_days(record))} days"
        case "continuity-v1":
            raise Malformed("this is the manifest of a kit: give its directory")
        case _:
            raise Malformed("the version is none that we publish")
    if record.get("result") is not None and _plain(record["result"]) != _plain(result):
        raise Malformed("the result in the file is not what comes out of it")
    return found


class Tree:
    """The documents of one right, out of a CAR, every one of them checked."""

    def __init__(self, root: CID, store: MemoryBlockstore) -> None:
        self.root = root
        self._store = store
        self._hashed: dict[CID, str] = {}
        names = {link.name: link.cid for link in resolver.entries(store, root)}
        if "terms.json" not in names:
            raise Malformed(f"{root} has no terms.json")
        terms = published.record(self._json(names["terms.json"], "terms.json"), "terms.json")
        self.right, self.text_hash = published.text(terms, "right"), published.text(terms, "text_hash")
        text = published.record(published.get(terms, "text"), "the text of terms.json")
        if "sha256:" + hashlib.sha256(canonical(text)).hexdigest() != self.text_hash:
            raise Malformed(f"terms.json of {self.right}: the hash is not that of the text")
        terms_uri = f"ipfs://{names['terms.json']}"
        self.tokens = {int(name[:-5]): cid for name, cid in names.items() if TOKEN.fullmatch(name)}
        if sorted(self.tokens) != list(range(1, len(self.tokens) + 1)):
            raise Malformed(f"{self.right}: the numbers of its documents have a gap")
        for serial, cid in self.tokens.items():
            self._check(serial, self._json(cid, f"{serial}.json"), terms_uri)

    @classmethod
    def read(cls, path: Path) -> Tree:
        """Raises Malformed."""
        try:
            with path.open("rb") as file:
                reader = CarReader(file)
                return cls(reader.root, MemoryBlockstore(reader))
        except IpfsError as error:
            raise Malformed(f"{path.name}: {error}") from None
        except OSError as trouble:
            raise Malformed(f"cannot read {path}: {trouble.strerror}") from None

    def token_uris(self) -> dict[str, int]:
        """What `tokenURI` may answer, and of which number that is: an only token has its document itself."""
        if list(self.tokens) == [1]:
            return {f"ipfs://{self.tokens[1]}": 1}
        return {f"ipfs://{self.root}/{serial}.json": serial for serial in self.tokens}

    def _json(self, cid: CID, name: str) -> object:
        try:
            return json.loads(b"".join(resolver.read(self._store, cid)))
        except ValueError:
            raise Malformed(f"{name} of {self.root} is not JSON") from None

    def _check(self, serial: int, document: object, terms: str) -> None:
        where = f"{self.right} {serial}.json"
        fields = published.record(document, where)
        try:
            documents.check(fields)
        except documents.NotAToken as error:
            raise Malformed(f"{where}: {str(error)[:120]}".replace("\n", " ")) from None
        found = fields["properties"]
        if (found["right"], found["serial"], found["of"]) != (self.right, serial, len(self.tokens)):
            raise Malformed(f"{where} is of another token")
        if (found["text_hash"], found["terms"]) != (self.text_hash, terms):
            raise Malformed(f"{where} names other terms than its directory holds")
        self._check_picture(where, str(fields["image"]), str(found["image_sha256"]))

    def _check_picture(self, where: str, image: str, sha256: str) -> None:
        picture = CID.parse(image.removeprefix("ipfs://"))
        if picture not in self._hashed:
            data = b"".join(resolver.read(self._store, picture))
            self._hashed[picture] = hashlib.sha256(data).hexdigest()
        if self._hashed[picture] != sha256:
            raise Malformed(f"{where}: the picture has another hash")


def _kit(place: Path, told: Told) -> str:
    manifest = published.record(published.read(place / "MANIFEST.json"), "MANIFEST.json")
    if manifest.get("version") != "continuity-v1":
        raise Malformed("MANIFEST.json is not of continuity-v1")
    files = published.record(published.get(manifest, "files"), "files of MANIFEST.json")
    _check_files(place, files, told)
    trees: dict[str, Tree] = {}
    for pin in _rows(place, "metadata/index.json"):
        root = published.text(pin, "root")
        tree = trees[root] = Tree.read(place / "metadata" / f"{root}.car")
        if (str(tree.root), tree.right) != (root, published.text(pin, "right")):
            raise Malformed(f"metadata/{root}.car is the tree of something else")
        told(f"metadata/{root}.car")
    tokens = _rows(place, "data/tokens.json")
    named = {uri: (tree.right, serial) for tree in trees.values() for uri, serial in tree.token_uris().items()}
    for token in tokens:
        _check_token(token, named)
    sales = _sales(place, files)
    proofs = [path for path in files if path.startswith("proofs/")]
    for path in proofs:
        try:
            record = published.record(published.read(place / path), path)
            proof(record)
            _check_rules(record, sales)
        except Malformed as wrong:
            raise Malformed(f"{path}: {wrong}") from None
        told(path)
    _check_fund(place)
    name = hashlib.sha256((place / "MANIFEST.json").read_bytes()).hexdigest()
    return (
        f"continuity kit of {manifest.get('town')}: {len(files)} files, {len(trees)} trees, {len(tokens)} tokens,"
        f" {len(proofs)} proofs; manifest sha256:{name}"
    )


def _sales(place: Path, files: Record) -> dict[str, set[str]]:
    """{code: the hashes of what was approved of that sale}; the present one is the one that the list of sales tells."""
    told = {published.text(row, "code"): row.get("text_hash") for row in _rows(place, "data/listings.json")}
    found: dict[str, set[str]] = {}
    for path in files:
        if path.startswith("sales/"):
            code, *former = path.removeprefix("sales/").removesuffix(".json").split("/")
            name = "sha256:" + hashlib.sha256((place / path).read_bytes()).hexdigest()
            if not former and name != told.get(code):
                raise Malformed(f"{path} is not what was approved of that sale")
            found.setdefault(code, set()).add(name)
    return found


def _check_rules(record: Record, sales: Mapping[str, set[str]]) -> None:
    """What was drawn or opened goes by what was approved of its sale, where that is in the kit."""
    told = published.record(record.get("commit") or record, "the commit")
    code = str(told.get("listing", "")).partition("/")[0]
    if "rules" in told and code in sales and told["rules"] not in sales[code]:
        raise Malformed(f"the rules are not those that were approved: sales/{code}.json")


def _check_fund(place: Path) -> None:
    """The figures that the pages of the kit show are those that its entries were added up to."""
    shown = published.record(published.read(place / "data/fund.json"), "data/fund.json")
    added = published.record(published.read(place / "proofs/fund.json"), "proofs/fund.json")
    if {name: value for name, value in shown.items() if name != "name"} != published.get(added, "fund"):
        raise Malformed("data/fund.json has other figures than proofs/fund.json")


def _check_files(place: Path, files: Record, told: Told) -> None:
    for path, about in files.items():
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\\" in path:
            raise Malformed(f"MANIFEST.json names a file outside: {path!r}")
        wanted = published.hexadecimal(published.record(about, path), "sha256", 32).hex()
        try:
            with (place / path).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            raise Malformed(f"{path} is missing") from None
        if found != wanted:
            raise Malformed(f"{path} was changed")
        told(path)
    for path in _present(place):
        if path not in files and path != "MANIFEST.json":
            raise Malformed(f"{path} is not in the manifest")


def _present(place: Path) -> Iterator[str]:
    return (str(path.relative_to(place).as_posix()) for path in sorted(place.rglob("*")) if not path.is_dir())


def _rows(place: Path, path: str) -> list[Record]:
    rows = published.read(place / path)
    if not isinstance(rows, list):
        raise Malformed(f"{path} is not a list")
    return [published.record(row, f"a row of {path}") for row in rows]


def _check_token(token: Record, named: Mapping[str, tuple[str, int]]) -> None:
    """What the token points to is in the kit, and is its own document."""
    uri = published.text(token, "metadata_uri")
    if uri not in named:
        raise Malformed(f"token {token.get('token_id')} points to a document that is not here: {uri}")
    if named[uri] != (published.text(token, "right"), published.whole(token, "serial", 1)):
        raise Malformed(f"token {token.get('token_id')} points to the document of another token")


def _journal(record: Record, kept: Sequence[Fixed] = ()) -> str:
    rows = [_row(row) for row in published.items(record, "entries")]
    head = (published.whole(record, "seq", 0), published.text(record, "hash"))
    days = _days(record)
    for heads in (days, kept):
        if (fault := check(rows, head, heads)) is not None:
            raise Malformed(f"journal: {fault}")
    seen = f", {len(kept)} heads of days as they were kept" if kept else ""
    return f"journal: {len(rows)} entries, head {head[1]}, heads of {len(days)} days{seen}"


def _row(row: object) -> Row:
    entry = dict(published.record(row, "an entry"))
    told = published.text(entry, "hash")
    del entry["hash"]
    return Row(entry, told)


def _days(record: Record) -> list[Fixed]:
    days = [published.record(day, "a day") for day in published.items(record, "days")]
    fixed = [Fixed(published.text(d, "day"), published.whole(d, "seq", 1), published.text(d, "hash")) for d in days]
    return sorted(fixed, key=lambda day: day.seq)


def _plain(value: object) -> object:
    """As JSON gives it back: a tuple is a list."""
    return json.loads(json.dumps(value))
