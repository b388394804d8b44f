"""Processes that belong to this one: each in a group of its own, its lines passed on, started again when it dies.

One thread does all of it. A child is told to end when its parent is killed, and the kernel ties that to the thread that
started the child.
"""

import ctypes
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

TICK = 0.1
LONGEST_PAUSE = 30.0
"""Seconds before a child that keeps dying is started again; the first time it is half a second."""
LONG_ENOUGH = 60.0
"""Seconds of life after which a death counts as the first one."""
HOPELESS = 3
"""Deaths before the town is open after which we give up: what never worked will not begin to."""
LEVEL = re.compile(r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
MUTTERING = re.compile(r"(?:DEBUG|INFO) (?!marketplace)")
"""What libraries say when all is well."""
CONTINUED = re.compile(r"[\s+]")


class Leaving(Exception):
    """Somebody asked us to stop."""


@dataclass(frozen=True)
class Program:
    """What a child runs: the arguments of this Python."""

    name: str
    arguments: Sequence[str]
    port: int = 0
    """Where it listens, if it does."""
    at_the_back: bool = False
    """Others need it while they stop, so it is stopped after them."""


class Child:
    """A program's process, or the wait for its next one."""

    def __init__(self, program: Program, once: bool = False) -> None:
        """`once`: it runs to its end, and is not started again."""
        self.program = program
        self.once = once
        self.process: subprocess.Popen[bytes] | None = None
        self.began = 0.0
        self.deaths = 0
        self.start_at = 0.0
        self.last_line = ""
        self.mutters = False
        self._rest = b""

    def hear(self) -> tuple[list[str], bool]:
        """What it has said since, in whole lines, and whether that was its last word."""
        assert self.process is not None
        assert self.process.stdout is not None
        over = False
        with suppress(BlockingIOError):
            while said := os.read(self.process.stdout.fileno(), 65536):
                self._rest += said
            over = True
        *whole, self._rest = self._rest.split(b"\n")
        if over or self.process.poll() is not None:
            whole, self._rest = [*whole, self._rest], b""
        lines = [text for line in whole if (text := line.decode(errors="replace").rstrip())]
        self.last_line = lines[-1] if lines else self.last_line
        return lines, over

    def is_notable(self, line: str) -> bool:
        """Whether a person at the terminal wants to see it: not what a library mutters, nor how that goes on."""
        if LEVEL.match(line):
            self.mutters = MUTTERING.match(line) is not None
        elif not CONTINUED.match(line):
            self.mutters = False
        return not self.mutters

    def signal(self, number: int) -> None:
        """To the process alone: it stops its own children in the order that it knows."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def sweep(self) -> None:
        """End what is left of its group, so that nothing holds its port or its files."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Household:
    """All children, and one loop that listens to them."""

    def __init__(self, env: Mapping[str, str], directory: Path, keep: int, say: Callable[[str], None]) -> None:
        """`keep`: a file descriptor that every child inherits."""
        self.env, self.directory, self.keep, self.say = env, directory, keep, say
        self.children: list[Child] = []
        self.leaving = False
        self.settled = False
        """From when on a child may die as often as it likes."""
        self._ears = selectors.DefaultSelector()

    def start(self, program: Program, once: bool = False) -> Child:
        child = Child(program, once)
        self.children.append(child)
        self._spawn(child)
        return child

    def run(self, program: Program) -> tuple[int, str]:
        """Run it to its end: the exit status, and the last line that it said. Raises Leaving."""
        child = self.start(program, once=True)
        self._until(lambda: _is_gone(child), None)
        self._bury(child)
        self.children.remove(child)
        assert child.process is not None
        return child.process.returncode, child.last_line

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look after the children until the condition holds (True) or the time is over. Raises Leaving, Hopeless."""
        return self._until(condition, seconds)

    def forever(self) -> None:
        """Look after the children until somebody asks us to stop. Raises Leaving."""
        self._until(lambda: False, None)

    def stop(self, seconds: float) -> None:
        """Ask the children to stop, those at the back last; end by force what has not after `seconds`."""
        self.leaving = False  # a second request, from now on, means: at once
        for at_the_back in (False, True):
            some = [child for child in self.children if child.program.at_the_back is at_the_back]
            self.children = [child for child in self.children if child not in some]
            for child in some:
                child.signal(signal.SIGTERM)
            with suppress(Leaving):
                self._until(partial(_all_gone, some), seconds)
            for child in some:
                self._bury(child)

    def _until(self, condition: Callable[[], bool], seconds: float | None) -> bool:
        give_up = time.monotonic() + seconds if seconds is not None else None
        while not condition():
            if self.leaving:
                raise Leaving
            if give_up is not None and time.monotonic() > give_up:
                return False
            for key, _ in self._ears.select(TICK):
                self._listen(key.data)
            for child in self.children:
                if not child.once:
                    self._look_after(child)
        return True

    def _spawn(self, child: Child) -> None:
        child.process = subprocess.Popen(
            [sys.executable, *child.program.arguments],
            env=dict(self.env),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self.keep],
            process_group=0,  # Ctrl-C at the terminal is for us
            preexec_fn=_end_with_parent,
        )
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._ears.register(child.process.stdout, selectors.EVENT_READ, child)
        child.began = time.monotonic()

    def _listen(self, child: Child) -> None:
        lines, over = child.hear()
        for line in lines:
            if child.is_notable(line):
                self.say(f"{child.program.name:<9}{line}")
        if over:
            self._deafen(child)

    def _deafen(self, child: Child) -> None:
        assert child.process is not None
        assert child.process.stdout is not None
        if child.process.stdout in self._ears.get_map():
            self._ears.unregister(child.process.stdout)

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at:
                self._spawn(child)
            return
        status = child.process.poll()
        if status is None:
            return
        self._bury(child)
        child.process = None
        child.deaths = 1 if now - child.began > LONG_ENOUGH else child.deaths + 1
        if not self.settled and child.deaths >= HOPELESS:
            raise Hopeless(child)
        pause = min(0.5 * 2 ** (child.deaths - 1), LONGEST_PAUSE)
        child.start_at = now + pause
        self.say(f"{child.program.name:<9}ended with status {status}; it is started again in {pause:g} s")

    def _bury(self, child: Child) -> None:
        """End it where it still lives, hear its last words, and free what it held."""
        if child.process is None:
            return
        child.sweep()
        self._listen(child)
        self._deafen(child)
        assert child.process.stdout is not None
        child.process.stdout.close()


class Hopeless(Exception):
    """A child that dies again and again before the town is open."""

    def __init__(self, child: Child) -> None:
        super().__init__(f"{child.program.name} does not start: {child.last_line}")


def _all_gone(children: Sequence[Child]) -> bool:
    return all(map(_is_gone, children))


def _is_gone(child: Child) -> bool:
    return child.process is None or child.process.poll() is not None


def _end_with_parent() -> None:
    """Linux tells the child when its parent was killed and could stop nothing."""
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
