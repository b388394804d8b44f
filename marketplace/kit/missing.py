"""A Python without the packages: whoever calls a program with it is told, in one line, which Python has them."""

from __future__ import annotations

import sys
from functools import partial
from types import TracebackType

OURS = ("marketplace", "ipfs", "benchmarks", "tests")
"""What of these is missing is a mistake of the program."""


def name_the_python(setup: str) -> None:
    """While `python -m X` looks for X: a package that X lacks will be one line and exit status 2, wherever it is met.
    `setup`: what scripts/setup has to install. https://docs.python.org/3/library/sys.html#sys.argv: then it is -m."""
    if sys.argv[:1] == ["-m"] and "-m" in sys.orig_argv:
        sys.excepthook = partial(_explain, setup)


def _explain(setup: str, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if name is None or name.partition(".")[0] in OURS:
        sys.__excepthook__(kind, error, where)
        return
    *_python, program = sys.orig_argv[: sys.orig_argv.index("-m") + 2]
    here = f"run scripts/setup {setup}, and call .venv/bin/python -m {program}"
    sys.stderr.write(f"{sys.executable} does not have what Hiroba needs ({name}): {here}\n")
    raise SystemExit(2)
