"""python -m ipfs …"""

import sys


def run() -> int:
    """A Python without the packages is told which one has them."""
    try:
        from ipfs.cli import main  # noqa: PLC0415 -- what is missing is met here
    except ModuleNotFoundError as missing:
        if (missing.name or "ipfs").partition(".")[0] == "ipfs":
            raise
        here = "run scripts/setup run, and call .venv/bin/python -m ipfs"
        sys.stderr.write(f"{sys.executable} does not have what ipfs needs ({missing.name}): {here}\n")
        return 2
    return main()


if __name__ == "__main__":
    sys.exit(run())
