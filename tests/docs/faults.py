"""Prints the table of faults in docs/operate.md: python -m tests.docs.faults"""

import sys

from marketplace.operating.faults import FAULTS, PARTS


def text() -> str:
    """The table, part by part. What was looked at and could not be is the same for every part, and is said once."""
    rows = []
    for part in PARTS:
        for fault in FAULTS.values():
            if fault.part == part and fault.name != "unchecked":
                cells = (f"`{fault.code}`", str(fault.grade), fault.what, fault.remedy)
                rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n")
    return "| code | grade | what | what to do |\n|---|---|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(text())
