"""The price that pages ask for again and again, against hello, the plainest Flask application, under the same gunicorn.

`watching` is a whole answer; `watching.304` is what most pages get: nothing has changed. Two hundred watchers ask, each
again as soon as it is answered.
"""

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import Result, compared
from benchmarks.bidding import prepared
from benchmarks.clients import drive, get
from benchmarks.places import let_go
from benchmarks.places import town as a_town
from benchmarks.serving import hello_server, served
from marketplace.auctions.bidding import place_bid

WATCHERS, ROUNDS, SECONDS = 200, 9, 1.5


def measure() -> Iterator[Result]:
    with a_town("sqlite") as here, ExitStack() as stack:
        town, bare = prepared()
        for n, account in enumerate(bare.people[:20]):
            place_bid(town.auction_id, account, 1000 + 500 * n)
        let_go()
        path = f"/auctions/{town.code}/state"
        etag = here.app.test_client().get(path).headers["ETag"]
        ours = stack.enter_context(served("wsgi:app", here.env, "healthz")).port
        plain = stack.enter_context(hello_server()).port
        asked = {"": get(path), ".304": get(path, f"If-None-Match: {etag}\r\n")}
        rates: dict[str, list[float]] = {"": [], ".304": []}
        hello: list[float] = []
        for number in range(ROUNDS + 1):
            for name, request in asked.items():
                rate = rate_of(ours, request, 304 if name else 200)
                if number:  # nothing is cold when the rounds begin
                    rates[name].append(rate)
            rate = rate_of(plain, get("/"), 200)
            if number:
                hello.append(rate)
    for name, found in rates.items():
        yield compared(f"watching{name}", "answers/s", found, "hello", hello)


def rate_of(port: int, request: bytes, status: int) -> float:
    answers = drive(port, WATCHERS, SECONDS, lambda _client: request)
    assert set(answers.statuses) == {status}, answers.statuses
    return answers.count / answers.wall
