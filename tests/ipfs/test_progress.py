import io
from collections.abc import Iterator

import pytest

from ipfs.cid import RAW, Block, make_block
from ipfs.errors import BlockMissing
from ipfs.progress import Progress

BLOCK = make_block(bytes(1_000_000), RAW)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def clock(*seconds: float) -> Iterator[float]:
    return iter(seconds)


def test_a_long_command_draws_how_far_it_is_and_wipes_the_line_at_the_end() -> None:
    out, at = Terminal(), clock(0.0, 0.5, 1.2, 1.2, 1.25, 1.4, 1.4)
    with Progress(out, 4_000_000, lambda: next(at)) as progress:
        assert list(progress.counting([BLOCK] * 4)) == [BLOCK] * 4
        assert out.getvalue().split("\r")[1:] == [
            "[############............]  50 %  2.0 MB, 2 blocks",
            "[########################] 100 %  4.0 MB, 4 blocks",
        ]
    assert out.getvalue().endswith("\r" + " " * 50 + "\r")


def test_without_a_known_end_it_counts_up() -> None:
    out, at = Terminal(), clock(0.0, 2.0, 2.0)
    with Progress(out, None, lambda: next(at)) as progress:
        progress.count(BLOCK)
        assert out.getvalue() == "\r1.0 MB, 1 blocks"


def test_a_tree_that_said_it_was_smaller_is_full_at_its_end_and_not_beyond() -> None:
    out, at = Terminal(), clock(0.0, 2.0, 2.0)
    with Progress(out, 10, lambda: next(at)) as progress:
        progress.count(BLOCK)
        assert "] 100 %  1.0 MB" in out.getvalue()


def test_a_short_command_draws_nothing() -> None:
    out, at = Terminal(), clock(0.0, 0.9)
    with Progress(out, 10, lambda: next(at)) as progress:
        progress.count(BLOCK)
    assert out.getvalue() == ""


def test_what_is_no_terminal_gets_no_bar_however_long_it_takes() -> None:
    out, at = io.StringIO(), clock(0.0)
    with Progress(out, 10, lambda: next(at)) as progress:
        progress.count(BLOCK)
    assert (out.getvalue(), progress.blocks, progress.bytes) == ("", 1, 1_000_000)


def test_the_line_is_wiped_by_an_error_too() -> None:
    def failing() -> Iterator[Block]:
        yield BLOCK
        raise BlockMissing

    out, at = Terminal(), clock(0.0, 2.0, 2.0)
    with Progress(out, None, lambda: next(at)) as progress, pytest.raises(BlockMissing):
        list(progress.counting(failing()))
    assert out.getvalue().endswith(" \r")
