"""The counter to the beacon: drand's HTTP API at one or several addresses, none of which has to be trusted.

https://docs.drand.love/docs/dev-guide/API%20Documentation%20v1/api
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from time import monotonic
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from flask import current_app

from marketplace.kit.db import writing
from marketplace.kit.languages import _
from marketplace.kit.published import HEX
from marketplace.kit.refusals import Unavailable
from marketplace.lotteries.beacon import QUICKNET, Chain

TIMEOUT = 5.0
LARGEST_ANSWER = 64 * 1024
USER_AGENT = "hiroba"


class Quiet(Exception):
    """One address has not given the round, and why. A sentence with its blanks, said in the reader's language."""

    def __init__(self, why: str, **facts: object) -> None:
        super().__init__(why)
        self.why, self.facts = why, facts

    def __str__(self) -> str:
        return _(self.why, **self.facts)


class NoRandomness(Unavailable):
    """No address has given the round. Clerks read what each said in Japanese, `doctor` in English."""

    def __init__(self, told: Sequence[tuple[str, Quiet]]) -> None:
        super().__init__()
        self.told = told
        """(address, what was in the way); empty where nobody is asked."""

    def __str__(self) -> str:
        if not self.told:
            return _("取りに行く先（BEACON_URL）が設定されていません")
        return _("、").join(f"{urlsplit(address).netloc}: {quiet}" for address, quiet in self.told)


class Drand:
    """`chain` is the beacon that we believe; `addresses` are asked in turn, each for at most twice TIMEOUT seconds."""

    def __init__(self, addresses: Sequence[str], chain: Chain = QUICKNET) -> None:
        self.addresses = tuple(address.rstrip("/") for address in addresses)
        self.chain = chain

    def signature(self, round_number: int) -> bytes:
        """The beacon's own signature (48 bytes) of a round. NoRandomness with what each said, if none has it."""
        assert not writing(), "the beacon is not asked inside transaction()"
        told = []
        for address in self.addresses:
            try:
                signature = self._ask(address, round_number)
            except Quiet as quiet:
                told.append((address, quiet))
                continue
            if self.chain.genuine(round_number, signature):
                return signature
            told.append((address, Quiet("本物でない署名が返りました")))
        raise NoRandomness(told)

    def _ask(self, address: str, round_number: int) -> bytes:
        url = f"{address}/{self.chain.hash}/public/{round_number}"
        try:
            with requests.get(
                url, timeout=TIMEOUT, stream=True, allow_redirects=False, headers={"User-Agent": USER_AGENT}
            ) as answer:
                if answer.status_code in (404, 425):
                    raise Quiet("まだ発表されていません")
                if answer.status_code != 200:
                    raise Quiet("応答 %(status)s", status=answer.status_code)
                return _read(_body(answer), round_number)
        except requests.RequestException as trouble:
            raise Quiet("つながりません（%(trouble)s）", trouble=type(trouble).__name__) from None


def _body(answer: requests.Response) -> bytes:
    """All of a short answer that comes at once; one that drips for longer than TIMEOUT, or never ends, is none."""
    body, began = b"", monotonic()
    for part in answer.iter_content(4096):
        body += part
        if len(body) > LARGEST_ANSWER or monotonic() - began > TIMEOUT:
            raise Quiet("応答が終わりません")
    return body


def _read(body: bytes, round_number: int) -> bytes:
    try:
        answer: Any = json.loads(body)
        told, signature = answer["round"], answer["signature"]
    except (ValueError, TypeError, KeyError):
        raise Quiet("読めない応答です") from None
    if told != round_number:
        raise Quiet("別の回の応答です")
    if not isinstance(signature, str) or len(signature) != 96 or not HEX.fullmatch(signature):
        raise Quiet("署名が読めません")
    return bytes.fromhex(signature)


def drand() -> Drand:
    """The beacon's counter of the running application."""
    return cast(Drand, current_app.extensions["hiroba.ports"].beacon)
