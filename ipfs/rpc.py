"""A Kubo node, or anything that speaks its RPC, as a replica: blocks go there as one CAR, and are checked there.

The client is ipfshttpclient, used through seven of its calls and never through connect(), which warns of every Kubo of
today. Kubo reports late errors in an HTTP trailer that the client cannot see, so that half an answer looks whole (kubo
PR #11409): hence nothing is taken on the word of a status 200. Roots are compared, blocks are hashed.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import ipfshttpclient
import requests
from ipfshttpclient.exceptions import DecodingError, ErrorResponse, StatusError

from ipfs.blockstore import LARGEST_BLOCK
from ipfs.cid import CID, Block, check_block
from ipfs.errors import Corrupt, IpfsError, Malformed, ReplicaRefused, ReplicaUnreachable

T = TypeVar("T")

# The client passes urllib3 an argument that means nothing any more; run.in stays below the one that breaks.
warnings.filterwarnings("ignore", message="The 'strict' parameter", category=FutureWarning)
OLDEST: Final = (0, 5)  # the first version with dag/import


class Probe(NamedTuple):
    """What a node says of itself."""

    version: str
    peer_id: str


class KuboReplica:
    """One node, reached by its RPC address from the configuration.

    *url* is "http://127.0.0.1:5001", "https://host/v1/ipfs/api/v0" or a multiaddr ("/dns/kubo/tcp/5001/http"); without
    a path, /api/v0 is meant. *token* is sent as a bearer. *timeout*, in seconds, is for connecting and for each wait.
    Safe to share between threads: each has its own connection. Methods raise ReplicaUnreachable and ReplicaRefused.
    """

    def __init__(self, url: str, *, token: str | None = None, timeout: float = 30) -> None:
        address, base = to_multiaddr(url)
        self.url = url
        headers = {"Authorization": f"Bearer {token}"} if token else None

        def new_client() -> Any:
            client = ipfshttpclient.Client(address, base, headers=headers, timeout=timeout, session=True)
            client._client._session.max_redirects = 0  # it has no knob for that; the token is for this node alone
            return client

        self._new_client: Callable[[], Any] = new_client
        self._clients = threading.local()

    @property
    def name(self) -> str:
        """The node for pages and logs: host and port, without path and token."""
        return urlsplit(self.url).netloc or self.url

    def probe(self) -> Probe:
        """Ask who is there. Refuses a node that is too old to take a CAR."""
        version = str(self._ask(lambda client: client.version()["Version"]))
        try:
            number = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
        except ValueError as error:
            raise ReplicaRefused(f"the node has a version that we cannot read: {version[:40]!r}") from error
        if number < OLDEST:
            raise ReplicaRefused(f"the node is of version {version}; 0.5 or later is needed")
        return Probe(version, str(self._ask(lambda client: client.id()["ID"])))

    def push_car(self, root: CID, car: Iterable[bytes]) -> None:
        """Send a whole tree as a CAR, have it pinned, see that the node means the same root. Twice is harmless."""
        answer = self._ask(lambda client: client.dag.imprt(_Stream(car)))
        try:
            said, trouble = answer["Root"]["Cid"]["/"], answer["Root"]["PinErrorMsg"]
        except (KeyError, TypeError) as error:
            raise ReplicaRefused("the node's answer to the import names no root") from error
        if trouble:
            raise ReplicaRefused(f"the node took the blocks but could not pin {root}: {trouble}")
        if said != str(root):
            raise ReplicaRefused(f"the node answered with another root: {said} instead of {root}")
        if not self.pinned(root):  # an IPFS Cluster proxy passes the import on without its pin
            self._ask(lambda client: client.pin.add(str(root)))

    def pinned(self, root: CID) -> bool:
        """Whether the node has promised to keep this whole tree."""
        try:
            keys = self._ask(lambda client: dict(client.pin.ls(str(root), type="recursive")["Keys"]), raw=True)
        except ErrorResponse as error:
            if "not pinned" in str(error):
                return False
            raise _refused(error) from error
        return any(key == str(root) and dict(pin).get("Type") == "recursive" for key, pin in keys.items())

    def fetch_verified(self, cid: CID) -> Block:
        """One block as the node holds it, hashed here. The node is asked not to look for it elsewhere."""
        try:
            return check_block(
                cid, self._ask(lambda client: _bounded(client.block.get(str(cid), offline=True, stream=True)))
            )
        except Corrupt as error:
            raise ReplicaRefused(f"the node gave other bytes for {cid}, or only a part of them") from error

    def unpin(self, root: CID) -> None:
        """Let the node forget a tree. One that is not pinned is as good as forgotten."""
        try:
            self._ask(lambda client: client.pin.rm(str(root)), raw=True)
        except ErrorResponse as error:
            if "not pinned" not in str(error):
                raise _refused(error) from error

    def close(self) -> None:
        """Close this thread's connection."""
        client = self._clients.__dict__.pop("client", None)
        if client is not None:
            client.close()

    def _ask(self, call: Callable[[Any], T], *, raw: bool = False) -> Any:
        """Run one call and say its trouble in our words; with *raw* an error that the node explains passes through."""
        client = self._clients.__dict__.get("client")
        if client is None:
            client = self._clients.client = self._new_client()
        try:
            return call(client)
        except ErrorResponse as error:
            if raw:
                raise
            raise _refused(error) from error
        except StatusError as error:
            response = getattr(error.original, "response", None)
            status = getattr(response, "status_code", None)
            if status in (429, 502, 503, 504):
                raise ReplicaUnreachable(f"the node is not ready: status {status}") from error
            raise ReplicaRefused(f"the node answered with status {status}") from error
        except IpfsError:
            self.close()  # our own blocks gave out while they were being sent: half a request is on the line
            raise
        except (DecodingError, LookupError, TypeError, ValueError, AssertionError) as error:
            self.close()  # an answer of another shape than Kubo's
            raise ReplicaRefused("what answered is not a Kubo node") from error
        except (ipfshttpclient.exceptions.Error, requests.RequestException, OSError) as error:
            self.close()  # a broken connection is not used again
            raise ReplicaUnreachable(f"the node at {self.name} gives no answer: {type(error).__name__}") from None


def to_multiaddr(url: str) -> tuple[str, str]:
    """The multiaddr and the base path of an RPC address, as the client wants them. Raises Malformed."""
    if url.startswith("/"):
        address, base = url, "api/v0"
    else:
        address, base = _from_url(url)
    try:
        ipfshttpclient.Client(address, base).close()  # connects to nothing yet
    except (ipfshttpclient.exceptions.Error, ValueError) as error:
        raise Malformed(f"not the address of an RPC: {url!r}") from error
    return address, base


def _from_url(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise Malformed(f"not the address of an RPC: {url!r}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Malformed(f"not the address of an RPC: {url!r}")
    host = parts.hostname
    kind = "ip6" if ":" in host else "ip4" if host.replace(".", "").isdigit() else "dns"
    return f"/{kind}/{host}/tcp/{port}/{parts.scheme}", parts.path.strip("/") or "api/v0"


def _refused(error: ErrorResponse) -> ReplicaRefused:
    return ReplicaRefused(f"the node says: {str(error)[:200]}")


def _bounded(answer: Any) -> bytes:
    """The whole of a streamed answer, or a little more than a block may have: no node fills our memory."""
    with answer:
        parts, size = [], 0
        for part in answer:
            parts.append(part)
            size += len(part)
            if size > LARGEST_BLOCK:
                break
        return b"".join(parts)


class _Stream:
    """An iterator of bytes with the one method of a file that the client uses."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._rest = b""

    def read(self, size: int) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        part, self._rest = self._rest[:size], self._rest[size:]
        return part
