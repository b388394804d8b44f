"""Rate limits, counted by visitor. Offices decorate their views with @limiter.limit("5/minute")."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection
from functools import lru_cache, wraps
from threading import Lock
from typing import ParamSpec

from flask import Flask, current_app, request, session
from flask.typing import ResponseReturnValue
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from marketplace.kit.refusals import Refused
from marketplace.kit.web import client_address

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]


class TooOften(Refused):
    code = "too_often"
    status = 429
    message = "操作が続きすぎました。1分ほど待ってから、もう一度お試しください。"


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


class Limiter:
    """Counts in the storage that LIMITS_URL names, over a moving window."""

    def init_app(self, app: Flask, url: str) -> None:
        shared = url != "memory://"
        app.extensions["hiroba.limits"] = MovingWindowRateLimiter(storage_from_string(url)) if shared else Memory()

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
                        raise TooOften
                return view(*args, **kwargs)

            return limited

        return decorate


@lru_cache
def _window(rate: str) -> RateLimitItem:
    return parse(rate)


limiter = Limiter()


def each_account() -> str:
    """Count by who is signed in: behind one address of a mobile carrier are thousands, all within one minute."""
    account_id = session.get("account_id")
    return f"account:{account_id}" if account_id else client_address()
