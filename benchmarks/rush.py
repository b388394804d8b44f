"""Thirteen thousand people at a lottery: who they are, when they come, and a browser's part of each application."""

import asyncio
import gzip
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from marketplace.accounts.models import Account
from marketplace.accounts.session import open_sign_in
from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.rules import PLEDGE
from marketplace.lotteries.states import EntryState

T = TypeVar("T")

FILE = Path(__file__).parent / "arrivals_13440.gz"
RECORDED = "cef1ec68e98f476c6249836d5eafc2c1bdd70d0a8b4049c571f7119809cb5645"
TWICE = 20
"""Every so many people press the button twice."""
SECONDS = 120.0
"""How long a browser waits."""


def arrivals() -> list[int]:
    """Milliseconds after the opening at which each of 13,440 applications comes: 54 in the busiest second, 1,180 in the
    first minute, over eleven days. Made up to fit what is known of one town's first sale."""
    gaps = [int(gap) for gap in gzip.decompress(FILE.read_bytes()).split()]
    times, at = [], 0
    for gap in gaps:
        at += gap
        times.append(at)
    assert sha256("\n".join(map(str, times)).encode()).hexdigest() == RECORDED, "these are other arrivals"
    return times


@dataclass(frozen=True)
class Person:
    """A browser that has signed in and has the form before it."""

    account_id: int
    cookie: str
    form: str


def people(app: Flask, count: int) -> list[Person]:
    """New accounts, each in a house of its own; written at once, since making them is not what is measured."""
    at = now()
    with transaction() as session:
        rows = [{"email": f"rush-{n}@example.jp", "created_at": at} for n in range(count)]
        session.execute(sa.insert(Account), rows)
        query = sa.select(Account.id).where(Account.email.like("rush-%")).order_by(Account.id)
        accounts = list(session.scalars(query))
    interface = app.session_interface
    signer = interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    secret = sha256(b"csrf").hexdigest()
    token = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(secret)
    found = []
    with transaction():
        for n, account_id in enumerate(accounts):
            cookie = signer.dumps({**open_sign_in(account_id), "csrf_token": secret})
            house = {"name": "応募 する人", "kana": "おうぼ するひと", "address": f"月見沢町海野{n + 1}番地"}
            form = {"csrf_token": token, "pledge": PLEDGE, "agreed": "y", **house}
            found.append(Person(account_id, f"{app.config['SESSION_COOKIE_NAME']}={cookie}", urlencode(form)))
    return found


@dataclass
class Rush:
    """What the browsers saw, in seconds: `waits` from the moment when somebody wanted to apply to the answer."""

    waits: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0
    """Of the web processes."""

    def p(self, share: float) -> float:
        """In milliseconds, e.g. p(0.95)."""
        return 1000 * sorted(self.waits)[min(len(self.waits) - 1, int(share * len(self.waits)))]


def rush(port: int, code: str, crowd: Sequence[Person], times: Sequence[float]) -> Rush:
    """Each person applies at their time (seconds from now); some press twice."""
    return _alone(_rush(port, code, crowd, times))


def crush(port: int, code: str, crowd: Sequence[Person], at_once: int = 64) -> Rush:
    """Everybody as fast as the server lets them, so many at once."""
    return _alone(_rush(port, code, crowd, [0.0] * len(crowd), at_once))


def _alone(main: Coroutine[Any, Any, T]) -> T:
    """In a thread with a loop of its own: this one may have a loop that runs, such as that of a browser in tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, main).result()


async def _rush(port: int, code: str, crowd: Sequence[Person], times: Sequence[float], at_once: int = 10_000) -> Rush:
    seen, room, began = Rush(), asyncio.Semaphore(at_once), time.monotonic()

    async def come(person: Person, at: float) -> None:
        await asyncio.sleep(began + at - time.monotonic())
        async with room:
            wanted = max(began + at, 0.0) if at else time.monotonic()
            try:
                answer = await asyncio.wait_for(_post(port, f"/listings/{code}/enter", person), SECONDS)
            except (OSError, TimeoutError, ValueError) as trouble:
                answer = f"{type(trouble).__name__}: {trouble}"
            seen.waits.append(time.monotonic() - wanted)
            if answer != f"303 /listings/{code}/entry":
                seen.refused.append(answer)

    clicks = [
        (person, at)
        for n, (person, at) in enumerate(zip(crowd, times, strict=True))
        for _ in range(1 + (n % TWICE == 0))
    ]
    await asyncio.gather(*(come(person, at) for person, at in clicks))
    seen.seconds = time.monotonic() - began
    return seen


async def _post(port: int, path: str, person: Person) -> str:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {person.cookie}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(person.form)}\r\n\r\n"
    )
    return await _asked(port, head + person.form)


async def _asked(port: int, request: str) -> str:
    """'303 /where': status and Location of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request.encode())
        lines = (await reader.read()).partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    finally:
        writer.close()
    status = lines[0].split(" ")[1] if " " in lines[0] else "no answer"
    where = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("location:")]
    return " ".join([status, *where])


def greetings(port: int, count: int, at_once: int = 64) -> float:
    """Seconds for so many visits to hello by the same browsers."""

    async def all_of_them() -> float:
        room, began = asyncio.Semaphore(at_once), time.monotonic()

        async def visit() -> None:
            async with room:
                answer = await _asked(port, f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")
                assert answer == "200", answer

        await asyncio.gather(*(visit() for _ in range(count)))
        return time.monotonic() - began

    return _alone(all_of_them())


def lost_or_twice(lottery_id: int, crowd: Sequence[Person]) -> list[str]:
    """What is wrong with the list after all have their receipts: nothing, where nobody is lost and nobody twice."""
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Entry.seq, Entry.account_id, Entry.state).where(Entry.lottery_id == lottery_id).order_by(Entry.seq)
    ).all()
    wrong = []
    if [row.seq for row in rows] != list(range(1, len(crowd) + 1)):
        wrong.append(f"the numbers are not 1 to {len(crowd)}: there are {len(rows)}")
    if sorted(row.account_id or 0 for row in rows) != sorted(person.account_id for person in crowd):
        wrong.append("the people in the list are not those who came")
    if any(row.state != EntryState.APPLIED for row in rows):
        wrong.append("some do not count")
    if db.session.scalar(sa.select(Lottery.received).where(Lottery.id == lottery_id)) != len(crowd):
        wrong.append("the last number is not the count")
    return wrong
