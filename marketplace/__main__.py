"""python -m marketplace …"""

import sys

from marketplace.cli import main


def run() -> int:
    """A Python without the packages is told which one has them."""
    try:
        return main()
    except ModuleNotFoundError as missing:
        if (missing.name or "marketplace").partition(".")[0] in ("marketplace", "ipfs"):
            raise
        here = "run scripts/setup run, and call .venv/bin/python -m marketplace"
        sys.stderr.write(f"{sys.executable} does not have what Hiroba needs ({missing.name}): {here}\n")
        return 2


if __name__ == "__main__":
    raise SystemExit(run())
