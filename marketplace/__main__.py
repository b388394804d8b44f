"""python -m marketplace …"""

import os
import sys

from marketplace.cli import main

if __name__ == "__main__":
    # What is read later is read from the folder of this version too, when a link to it leads to the next one.
    sys.path[:] = map(os.path.realpath, sys.path)
    raise SystemExit(main())
