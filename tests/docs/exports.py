"""Prints docs/exports.md from the tables of the exports: python -m tests.docs.exports > docs/exports.md"""

import sys

from marketplace.reports.accounting import EXPORTS, Export

HEAD = """# Exports for the accounting system

Printed from the code by `python -m tests.docs.exports`. The desk offers each list of any period at `/staff/exports` as
CSV (UTF-8 with a byte order mark, CRLF) and as xlsx, whose second sheet explains the columns. Moments are Japan's time.
Text that a spreadsheet would take for a formula has an apostrophe before it in CSV, and is text in xlsx.
"""


def table(export: Export) -> str:
    rows = "\n".join(f"| {column} | {about} |" for column, about in export.columns)
    return f"\n## {export.title} `{export.name}`\n\n{export.about}\n\n| 列 | 内容 |\n|---|---|\n{rows}\n"


def text() -> str:
    """The whole page."""
    return HEAD + "".join(map(table, EXPORTS))


if __name__ == "__main__":
    sys.stdout.write(text())
