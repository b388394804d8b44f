"""python -m benchmarks [NAME …] [--json] [--record]"""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import benchmarks
from benchmarks import document


def there() -> list[str]:
    """Those that can be named, by their sources: to import all of them, and the town with them, takes seconds."""
    here = Path(benchmarks.__file__).parent
    sources = {source.stem: source for source in here.glob("[a-z]*.py")}
    sources |= {source.parent.name: source for source in here.glob("[a-z]*/__init__.py")}
    return sorted(name for name, source in sources.items() if "\ndef measure(" in source.read_text("utf-8"))


def main() -> None:
    known = there()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(known)}; without, all of them")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--record", action="store_true", help="keep the results, and write docs/benchmarks.md anew")
    given = parser.parse_args()
    if unknown := set(given.names) - set(known):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    for name in given.names or known:
        seen = []
        for result in import_module(f"benchmarks.{name}").measure():
            seen.append(result)
            if given.json:
                print(json.dumps(asdict(result)), flush=True)
            else:
                compared = f"{result.ratio:g} x {result.against}, {result.n} rounds"
                print(f"{result.name:<24}{result.value:>12g} {result.unit:<8}{compared}", flush=True)
        if given.record:
            document.record(seen, datetime.now(UTC).date(), document.this_machine())


if __name__ == "__main__":
    main()
