"""How far a long command has come: one line on a terminal, redrawn in place and gone at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Self, TextIO

from ipfs.cid import Block

WIDTH = 24  # characters of the bar
SILENT = 1.0  # seconds that a command may take before anything is drawn
EVERY = 0.1  # seconds between two drawings


class Progress:
    """Counts blocks, and draws a bar where *out* is a terminal and the work lasts longer than a second.

    *total* is the number of bytes to come, as far as it is known: without it the line counts up. Use as a context
    manager: the line is wiped at the end, also by an error.
    """

    def __init__(self, out: TextIO, total: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.blocks = 0
        self.bytes = 0
        self._out = out
        self._total = total
        self._clock = clock
        self._shown = out.isatty()
        self._next = clock() + SILENT
        self._drawn = 0

    def count(self, block: Block) -> None:
        """One block more."""
        self.blocks += 1
        self.bytes += len(block.data)
        if self._shown and self._clock() >= self._next:
            self._next = self._clock() + EVERY
            self._draw()

    def counting(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks, each counted as it passes."""
        for block in blocks:
            self.count(block)
            yield block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            print("\r" + " " * self._drawn + "\r", end="", file=self._out, flush=True)

    def _draw(self) -> None:
        line = f"{self.bytes / 1e6:,.1f} MB, {self.blocks:,} blocks"
        if self._total:
            part = min(self.bytes / self._total, 1.0)  # what a stranger's tree says of its own size may be wrong
            filled = int(part * WIDTH)
            line = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {int(part * 100):3} %  {line}"
        print("\r" + line.ljust(self._drawn), end="", file=self._out, flush=True)
        self._drawn = max(self._drawn, len(line))
