"""Addresses that are compiled once in a process, not anew for the application of each test.

Compiling some 430 rules takes a quarter of a second (werkzeug.routing.Rule.compile): more than most tests do.
"""

from __future__ import annotations

from typing import Any, ClassVar

from werkzeug.routing import Rule


class Remembered(Rule):
    """A rule that knows what an equal one, of another application, has become."""

    known: ClassVar[dict[tuple[Any, ...], Rule]] = {}

    def compile(self) -> None:
        defaults = tuple(sorted((self.defaults or {}).items()))
        key = (self.rule, self.subdomain, self.host, self.strict_slashes, self.merge_slashes, defaults)
        same = self.known.get(key)
        if same is None:
            super().compile()
            self.known[key] = self
            return
        self.arguments = same.arguments
        self._parts, self._trace, self._converters = same._parts, same._trace, same._converters
        self._build = same._build.__func__.__get__(self, None)  # type: ignore[attr-defined]
        self._build_unknown = same._build_unknown.__func__.__get__(self, None)  # type: ignore[attr-defined]
