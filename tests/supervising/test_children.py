import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.supervising.children import Child, Hopeless, Household, Leaving, Program
from tests.processes import LONG, eventually, is_gone


class Home:
    """A household, what it said, and short Python programs for children."""

    def __init__(self, directory: Path) -> None:
        self.said: list[str] = []
        self.directory = directory
        self._kept = (directory / "lock").open("w")
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.household = Household(env, directory, self._kept.fileno(), self.said.append)

    def program(self, name: str, code: str, at_the_back: bool = False) -> Program:
        return Program(name, ["-c", textwrap.dedent(code)], at_the_back=at_the_back)

    def until_said(self, pattern: str) -> None:
        assert self.household.until(lambda: any(re.fullmatch(pattern, line) for line in self.said), LONG), self.said

    def close(self) -> None:
        self.household.stop(seconds=5)
        self._kept.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.close()


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_lines_of_a_child_are_passed_on_under_its_name_but_not_what_libraries_mutter(home: Home) -> None:
    code = """
        print("INFO huey.consumer: these are known:\\n+ deliver\\n  and more")
        print("INFO marketplace.orders: ORD-7K3M9QXA was paid")
        print("INFO huey.consumer: beat")
        print("Traceback:\\n  File")
        print("番号札", end="")
    """
    status, last_line = home.household.run(home.program("worker", code))
    assert (status, last_line) == (0, "番号札")
    assert home.said == [
        "worker   INFO marketplace.orders: ORD-7K3M9QXA was paid",
        "worker   Traceback:",
        "worker     File",
        "worker   番号札",
    ]


def test_the_status_of_a_program_that_runs_once_is_told(home: Home) -> None:
    status, last_line = home.household.run(home.program("migrate", "raise SystemExit('no such table')"))
    assert (status, last_line) == (1, "no such table")


def test_a_child_that_dies_is_started_again_and_a_line_says_so(home: Home) -> None:
    child = home.household.start(home.program("worker", "import time; print('at work'); time.sleep(1000)"))
    home.until_said("worker   at work")
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    assert home.household.until(lambda: home.said.count("worker   at work") == 2, LONG)
    assert home.said[1] == "worker   ended with status -9; it is started again in 0.5 s"
    assert (pid_of(child) == first, is_gone(first)) == (False, True)


def test_what_a_dead_child_left_running_is_ended_before_it_is_started_again(home: Home) -> None:
    code = """
        import subprocess, sys, time
        print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"]).pid)
        time.sleep(1000)
    """
    child = home.household.start(home.program("web", code))
    home.until_said(r"web      \d+")
    os.kill(pid_of(child), signal.SIGKILL)
    home.until_said("web      ended with.*")
    assert eventually(lambda: is_gone(int(home.said[0].split()[1])))


def test_a_child_that_never_worked_is_given_up_with_its_last_line(home: Home) -> None:
    home.household.start(home.program("chain", "raise SystemExit('no anvil for this platform')"))
    with pytest.raises(Hopeless, match=r"^chain does not start: no anvil for this platform$"):
        home.household.forever()


def test_once_the_town_is_open_no_child_is_given_up(home: Home) -> None:
    home.household.settled = True
    home.household.start(home.program("worker", "raise SystemExit('the database is away')"))
    assert home.household.until(lambda: sum("started again" in line for line in home.said) == 3, LONG)
    pauses = [line.rsplit("in ", 1)[1] for line in home.said if "started again" in line]
    assert pauses == ["0.5 s", "1 s", "2 s"]


def test_those_at_the_back_are_stopped_after_the_others(home: Home) -> None:
    code = """
        import signal, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("put away"))
        print("open")
        signal.pause()
    """
    home.household.start(home.program("chain", code, at_the_back=True))
    home.household.start(home.program("worker", code))
    home.until_said("chain    open")
    home.until_said("worker   open")
    home.household.stop(seconds=LONG)
    assert home.said[2:] == ["worker   put away", "chain    put away"]


def test_a_child_that_will_not_stop_is_ended_by_force_with_its_own_children(home: Home) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('no'); time.sleep(1000)"
    code = f"""
        import subprocess, sys
        print(subprocess.Popen([sys.executable, "-u", "-c", {stubborn!r}]).pid)
        {stubborn}
    """
    child = home.household.start(home.program("web", code))
    assert home.household.until(lambda: home.said.count("web      no") == 2, LONG)
    grandchild = next(int(line.split()[1]) for line in home.said if line.split()[1].isdigit())
    home.household.stop(seconds=0.1)
    assert is_gone(pid_of(child))
    assert eventually(lambda: is_gone(grandchild))


def test_being_asked_to_leave_ends_every_wait(home: Home) -> None:
    home.household.leaving = True
    with pytest.raises(Leaving):
        home.household.run(home.program("seed", "import time; time.sleep(1000)"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_no_child_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = f"""
        import os, sys
        from pathlib import Path
        from marketplace.supervising.children import Household, Program
        lock = os.open({str(tmp_path / "lock")!r}, os.O_RDWR | os.O_CREAT)
        household = Household(os.environ, Path({str(tmp_path)!r}), lock, lambda line: print(line, flush=True))
        household.start(Program("worker", ["-uc", "import os, time; print(os.getpid()); time.sleep(1000)"]))
        household.forever()
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline().split()[1])
        parent.kill()
    assert eventually(lambda: is_gone(child))
