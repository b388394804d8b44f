"""Prints docs/states.md from the tables of moves: python -m tests.docs.states > docs/states.md"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from marketplace.application import OFFICES
from marketplace.kit.db import Base
from marketplace.kit.state import Machine

HEAD = """# States

Printed from the code by `python -m tests.docs.states`. A move that is not in a table is refused; each move that is made
leaves a row in the journal.
"""


def machines() -> Sequence[tuple[str, Machine[Any]]]:
    """The name and the moves of whatever has a state: office by office from the ground up, then by name."""
    for office in OFFICES:
        for noun in ("models", "handlers", "views"):  # tables with a file of their own are known to the acts alone
            if find_spec(f"marketplace.{office}.{noun}"):
                import_module(f"marketplace.{office}.{noun}")
    found = [mapper.class_ for mapper in Base.registry.mappers if hasattr(mapper.class_, "MOVES")]
    found.sort(key=lambda kind: (OFFICES.index(kind.__module__.split(".")[1]), kind.__name__))
    return [(kind.__name__, kind.MOVES) for kind in found]


def table(name: str, machine: Machine[Any]) -> str:
    rows = "\n".join(f"| {event} | {old} | {new} |" for event, old, new in machine.table())
    return f"\n## {name}\n\n| event | from | to |\n|---|---|---|\n{rows}\n"


def text() -> str:
    """The whole page."""
    return HEAD + "".join(table(name, machine) for name, machine in machines())


if __name__ == "__main__":
    sys.stdout.write(text())
