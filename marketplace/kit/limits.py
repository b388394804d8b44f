"""Rate limits, counted by visitor. Offices decorate their views with @limiter.limit("5/minute")."""

from __future__ import annotations

import hmac
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection
from functools import cache, lru_cache, wraps
from threading import Lock
from typing import Any, ParamSpec, cast

import sqlalchemy as sa
from flask import Flask, current_app, request, session
from flask.typing import ResponseReturnValue
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import Base, alone, is_sqlite, transaction
from marketplace.kit.refusals import Refused
from marketplace.kit.sheets import sheet
from marketplace.kit.web import client_address

log = logging.getLogger(__name__)
P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]
MINUTE = 60
FOR_AN_HOUR = "操作が続きすぎました。1時間ほど待ってから、もう一度お試しください。"


class TooOften(Refused):
    """`after`: in so many seconds asking again helps, however often it was asked before."""

    code = "too_often"
    status = 429
    message = "操作が続きすぎました。1分ほど待ってから、もう一度お試しください。"

    def __init__(self, after: int) -> None:
        super().__init__(FOR_AN_HOUR if after > MINUTE else None)
        self.after = after


class Memory:
    """A moving window in this process. The library's own starts a thread for each few milliseconds of traffic."""

    MOST = 100_000  # visitors kept in memory

    def __init__(self) -> None:
        self.seen: OrderedDict[tuple[str, ...], deque[float]] = OrderedDict()
        self.lock = Lock()

    def hit(self, window: RateLimitItem, *who: str) -> bool:
        """Count one more, unless there were `window.amount` in the last `window.get_expiry()` seconds."""
        at = time.time()
        with self.lock:
            times = self.seen.setdefault(who, deque())
            self.seen.move_to_end(who)
            while times and times[0] <= at - window.get_expiry():
                times.popleft()
            if len(times) >= window.amount:
                return False
            times.append(at)
            if len(self.seen) > self.MOST:
                self.seen.popitem(last=False)
            return True


class Shared:
    """Counted by all processes together, in a store of its own. While that does not answer, each counts for itself: a
    sale goes on without it. It is asked again after PAUSE_S, so that not everybody waits for it."""

    PATIENCE_S, PAUSE_S = 1.0, 5.0

    def __init__(self, url: str) -> None:
        patience = {"socket_timeout": self.PATIENCE_S, "socket_connect_timeout": self.PATIENCE_S}
        known = patience if url.startswith("redis") else {}
        self.counter = MovingWindowRateLimiter(storage_from_string(url, wrap_exceptions=True, **known))
        self.alone = Memory()
        self.silent_until = 0.0

    def hit(self, window: RateLimitItem, *who: str) -> bool:
        """As Memory.hit()."""
        if time.monotonic() >= self.silent_until:
            try:
                return self.counter.hit(window, *who)
            except StorageError as trouble:
                self.silent_until = time.monotonic() + self.PAUSE_S
                silence = type(trouble.storage_error).__name__
                log.warning("LIMITS_URL does not answer (%s): this process counts for itself", silence)
        return self.alone.hit(window, *who)


class Count(Base):
    """How often somebody, who is a keyed hash, asked for a view in one stretch of time. Gone soon after."""

    __tablename__ = "rate_counts"
    __table_args__ = (sa.Index("ix_rate_counts_until", "until"), sa.CheckConstraint("count >= 1", name="counted"))

    who: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    until: Mapped[int]
    """Unix seconds from which on it is of no more use."""


_counts = cast("sa.Table", Count.__table__)


class Database:
    """Counted by all processes together, in the town's own database. Of the stretch before, the part that still lies in
    the window counts, as if its visits had been spread evenly: two rows a visitor instead of one for each visit."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def hit(self, window: RateLimitItem, *who: str) -> bool:
        """As Memory.hit(). Who was refused and asks on is counted up to one above the limit: waiting always helps."""
        name = hmac.digest(self.key, "\0".join(who).encode(), "sha256").hex()
        at, length = time.time(), window.get_expiry()
        slot, into = int(at // length), at % length / length
        one = {"name": name, "here": slot, "most": window.amount, "end": int(at + 2 * length) + 1}
        [found] = alone(_one_more(is_sqlite()), one)
        return bool(found.count_here + (found.count_before or 0) * (1 - into) <= window.amount)


@cache
def _one_more(on_sqlite: bool) -> Any:
    """One more, at once with whoever else counts; the count, and that of the stretch before."""
    name, here = sa.bindparam("name", type_=sa.String), sa.bindparam("here", type_=sa.Integer)
    insert = sqlite.insert(_counts) if on_sqlite else postgresql.insert(_counts)
    one = insert.values(who=name, slot=here, count=1, until=sa.bindparam("end"))
    count, earlier = _counts.c.count, _counts.alias("earlier")
    more = sa.case((count > sa.bindparam("most"), count), else_=count + 1)
    before = sa.select(earlier.c.count).where(earlier.c.who == name, earlier.c.slot == here - 1).scalar_subquery()
    return one.on_conflict_do_update(index_elements=["who", "slot"], set_={"count": more}).returning(
        count.label("count_here"), before.label("count_before")
    )


@sheet(every=60, name="limits.forget")
def forget() -> None:
    """Counts that are of no more use."""
    with transaction() as session:
        session.execute(sa.delete(Count).where(Count.until < int(time.time())))


class Limiter:
    """Counts in the storage that LIMITS_URL names, over a moving window."""

    def init_app(self, app: Flask, url: str) -> None:
        app.extensions["hiroba.limits"] = _storage(url, str(app.config["SECRET_KEY"] or "").encode())

    def limit(
        self,
        rate: str | Callable[[], str],
        *,
        methods: Collection[str] | None = None,
        key_func: Callable[[], str] = client_address,
    ) -> Callable[[View[P]], View[P]]:
        """TooOften for whoever asks for this view more often than `rate`, such as "30/minute".

        `methods`: the others are not counted. `key_func` says who asks.
        """

        def decorate(view: View[P]) -> View[P]:
            name = f"{view.__module__}.{view.__qualname__}"

            @wraps(view)
            def limited(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
                if methods is None or request.method in methods:
                    window = _window(rate if isinstance(rate, str) else rate())
                    if not current_app.extensions["hiroba.limits"].hit(window, name, key_func()):
                        raise TooOften(window.get_expiry())
                return view(*args, **kwargs)

            limited.counted_by = key_func  # type: ignore[attr-defined]
            return limited

        return decorate

    def lets(self, rate: str, what: str, who: str) -> bool:
        """Whether `who` may do `what` once more, which is counted then: for a view that goes on without it."""
        hit: bool = current_app.extensions["hiroba.limits"].hit(_window(rate), what, who)
        return hit


def _storage(url: str, key: bytes) -> Memory | Database | Shared:
    match url:
        case "memory://":
            return Memory()
        case "database://":
            return Database(key)
    return Shared(url)


@lru_cache
def _window(rate: str) -> RateLimitItem:
    return parse(rate)


limiter = Limiter()


def each_account() -> str:
    """Count by who is signed in: behind one address of a mobile carrier are thousands, all within one minute."""
    account_id = session.get("account_id")
    return f"account:{account_id}" if account_id else client_address()
