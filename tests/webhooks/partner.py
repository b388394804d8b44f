"""A partner's system: a server on this machine that keeps what it gets, and answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.served import Answering, serving


@dataclass
class Partner:
    """`answers` are given one after the other, the last one for ever. `got` is (headers, body) of each request."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    location: str = ""
    asked: Callable[[], object] = lambda: None
    """What happens while it has been asked and has not answered."""

    def told(self) -> list[tuple[str, str]]:
        """(type, code of the sale) of each message, as it came."""
        bodies = [json.loads(body) for _, body in self.got]
        return [(body["type"], body["data"].get("code", "")) for body in bodies]

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.got]


@contextmanager
def listening() -> Iterator[Partner]:
    partner = Partner()

    class Theirs(Answering):
        def do_POST(self) -> None:
            partner.got.append(({name.lower(): value for name, value in self.headers.items()}, self.sent().decode()))
            partner.asked()
            status = partner.answers.pop(0) if len(partner.answers) > 1 else partner.answers[0]
            self.answer(status, headings={"Location": partner.location} if partner.location else None)

    with serving(Theirs) as url:
        partner.url = f"{url}/hooks?from=town"
        yield partner
