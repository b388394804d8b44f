"""A bucket of an S3-compatible store: five requests, signed by ourselves, on the HTTP client that is here anyway.

Who answers there sends us nowhere else, and what it says reaches no log but for its short code.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from xml.etree import ElementTree

import requests

from marketplace.blobs.signing import Signer, spelled
from marketplace.blobs.store import NoRoom
from marketplace.kit.clock import now
from marketplace.kit.db import let_go
from marketplace.kit.refusals import Unavailable

AS_A_WHOLE = 3
"""One answer may take as many times the timeout in all, so that one that trickles holds nobody for ever."""
PAUSE_S = 5.0
"""How long nobody asks after one that did not answer: else each picture of a page would hold a thread for so long."""
PIECE = 1 << 16
PAGE = 1000  # keys in one answer, the most that there may be
MOST_SAID = 4 << 20  # bytes of a list, or of what is wrong
CODE = re.compile(rb"<Code>(\w{1,60})</Code>")
FULL = ("QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded")


class Bucket:
    """`url` is the endpoint: https://s3.example.jp. The bucket is named in the path, which every such store knows."""

    def __init__(self, url: str, bucket: str, signer: Signer, timeout_s: float = 5) -> None:
        self.base = f"{url.rstrip('/')}/{bucket}"
        self._signer = signer
        self._timeout_s = timeout_s
        self._here = threading.local()
        self._lock = threading.Lock()
        self._silent = False
        self._ask_again = 0.0

    def put(self, key: str, data: bytes) -> None:
        self._ask("PUT", key, data=data)

    def get(self, key: str, size: int) -> bytes:
        return self._ask("GET", key, most=size)

    def delete(self, key: str) -> None:
        try:
            self._ask("DELETE", key)
        except LookupError:
            return

    def older(self, than: datetime) -> Iterator[str]:
        query = {"list-type": "2", "max-keys": str(PAGE)}
        while True:
            try:
                page = ElementTree.fromstring(self._ask("GET", query=query))  # noqa: S314 -- a store of the town's own
            except ElementTree.ParseError:
                raise Unavailable("S3: a list that is none") from None
            for row in page.iterfind("{*}Contents"):
                key, put_at = row.findtext("{*}Key"), row.findtext("{*}LastModified")
                if key and put_at and datetime.fromisoformat(put_at) < than:
                    yield key
            more = page.findtext("{*}NextContinuationToken")
            if page.findtext("{*}IsTruncated") != "true" or not more:
                return
            query["continuation-token"] = more

    def greet(self) -> None:
        self._ask("GET", query={"list-type": "2", "max-keys": "1"})

    def is_open_to_strangers(self, key: str) -> bool:
        """Whether somebody without a key may list the bucket, or read this."""
        let_go()
        for path in ("?list-type=2&max-keys=1", f"/{key}"):
            try:
                status = self._session.get(self.base + path, timeout=self._timeout_s, allow_redirects=False).status_code
            except requests.RequestException as error:
                raise Unavailable(f"S3: {type(error).__name__}") from None
            if status == 200:
                return True
        return False

    def _ask(
        self,
        method: str,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        data: bytes = b"",
        most: int = MOST_SAID,
    ) -> bytes:
        """What it answered. LookupError for a key that is not there, NoRoom, Unavailable."""
        let_go()
        self._see_that_it_is_worth_asking()
        url = f"{self.base}/{key}" if key else self.base
        headers = self._signer.headers(method, url, query or {}, data, now())
        headers["Accept-Encoding"] = "identity"
        try:
            with self._session.request(
                method,
                f"{url}?{spelled(query)}" if query else url,
                headers=headers,
                data=data,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = self._read(answer, most if answer.status_code == 200 else MOST_SAID)
        except (requests.RequestException, TimeoutError) as error:
            self._silent, self._ask_again = True, time.monotonic() + PAUSE_S
            raise Unavailable(f"S3: {type(error).__name__}") from None
        self._silent = False
        if answer.status_code in (200, 204):
            return body
        found = CODE.search(body)
        code = found[1].decode() if found else ""
        if answer.status_code == 404 and code != "NoSuchBucket":
            raise LookupError(key)
        if answer.status_code == 507 or code in FULL:
            raise NoRoom
        raise Unavailable(f"S3: {answer.status_code} {code}".rstrip())

    def _read(self, answer: requests.Response, most: int) -> bytes:
        """At most one byte more than `most`. TimeoutError where it trickles."""
        give_up = time.monotonic() + AS_A_WHOLE * self._timeout_s
        body = bytearray()
        for piece in answer.iter_content(PIECE):
            body += piece
            if time.monotonic() > give_up:
                raise TimeoutError
            if len(body) > most:
                break
        return bytes(body[: most + 1])

    def _see_that_it_is_worth_asking(self) -> None:
        """While it is silent, one asks now and then, and the others are told at once."""
        if not self._silent:
            return
        with self._lock:
            if time.monotonic() < self._ask_again:
                raise Unavailable("S3: it did not answer a moment ago")
            self._ask_again = time.monotonic() + PAUSE_S

    @property
    def _session(self) -> requests.Session:
        """One for each thread: its connections stay open."""
        if not hasattr(self._here, "session"):
            self._here.session = requests.Session()
        session: requests.Session = self._here.session
        return session
