"""How a program is told to end."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType


def when_terminated(do: Callable[[], object]) -> None:
    """Call `do`, in a thread of its own, each time SIGTERM or SIGINT comes. For the main thread alone.

    Not in the handler itself: that runs between two lines of whatever the main thread is doing. If it is just about to
    wait for a `threading.Event` it holds the lock of that event, and a handler that sets the event would wait for this
    lock for ever. So the handler writes one byte and returns.
    """
    here, there = os.pipe()
    os.set_blocking(there, False)

    def hand_on(_signal: int, _frame: FrameType | None) -> None:
        with suppress(BlockingIOError):  # told so often that nobody has listened yet
            os.write(there, b"\0")

    def listen() -> None:
        while os.read(here, 1):
            do()

    threading.Thread(target=listen, name="leaving", daemon=True).start()
    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, hand_on)
