"""The sentences of the code that readers of the public pages meet, and the catalogues that say them in other languages.

A template's sentences are what it gives to {% trans %}, _() and N_(). In Python every Japanese text is one: refusals,
labels, names of states, what is given to _(). The modules in UNREAD are left out: clerks, papers or machines use them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment

from marketplace.kit.catalogues import Entry, path, read, written
from marketplace.kit.languages import Language, sentences_of_scripts

ROOT = Path(__file__).parents[2] / "marketplace"
JAPANESE = re.compile("[\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff]")
TRANSLATED = tuple(language for language in Language if language is not Language.JA)
MARKS = ("_", "gettext", "N_")
UNREAD = (
    *("api/*", "art/*", "auditing/*", "chain/*", "continuity/*", "demo/*", "devstripe/*", "journal/*", "papers/*"),
    *("opendata/*", "operating/*", "settings/*", "webhooks/*"),
    *("reports/*", "staff/*", "*/desk.py", "cli.py", "command_line.py"),
    *(
        "kit/dates.py",
        "kit/folding.py",
        "kit/letters.py",
        "kit/passages.py",
        "kit/readings.py",
        "kit/holidays.py",
        "kit/money.py",
        "kit/workbooks.py",
        "kit/languages.py",
    ),
    *("accounts/appointing.py", "accounts/recovering.py", "accounts/second_person.py"),
    *("admissions/deciding.py", "admissions/excluding.py"),
    *("appointments/arranging.py", "appointments/calendar.py", "appointments/planner.py", "appointments/selling.py"),
    *("appointments/counting.py", "appointments/settling.py"),
    *("auctions/results.py", "auctions/stopping.py", "auctions/unsealing.py"),
    "collections/crediting.py",
    *(
        "fund/deciding.py",
        "fund/differences.py",
        "fund/periods.py",
        "fund/posting.py",
        "fund/rules.py",
        "fund/years.py",
    ),
    *("gatherings/circulating.py", "gatherings/drafting.py", "gatherings/letter_pages.py"),
    *("listings/approving.py", "listings/auction_rules.py", "listings/checking.py", "listings/drafting.py"),
    *("listings/legal.py", "listings/notice_period.py", "listings/prepaid.py", "listings/rules.py"),
    *(
        "listings/scratches.py",
        "listings/searching.py",
        "listings/suspending.py",
        "listings/amending.py",
        "listings/witnesses.py",
    ),
    *("lotteries/applicants.py", "lotteries/drawing.py", "lotteries/duplicates.py"),
    *(
        "lotteries/identity.py",
        "lotteries/preflight.py",
        "lotteries/reception.py",
        "lotteries/records.py",
        "lotteries/slips.py",
    ),
    *("metadata/documents.py", "metadata/gateway.py"),
    *(
        "naming/agreeing.py",
        "naming/ending.py",
        "naming/pages.py",
        "naming/placing.py",
        "naming/places.py",
        "naming/revoking.py",
    ),
    *("naming/screening.py",),
    *("orders/cancelling.py", "orders/evidence.py", "orders/returning.py"),
    *("payments/balance.py", "payments/disputing.py"),
    *("perks/carding.py", "perks/certifying.py", "perks/counter_*.py", "perks/designing.py", "perks/forms.py"),
    *(
        "gatherings/polling.py",
        "admissions/deposits.py",
        "perks/offering.py",
        "perks/numbers.py",
        "perks/partnering.py",
        "perks/pins.py",
        "perks/saying.py",
        "perks/signing_in.py",
    ),
    *("perks/slips.py", "perks/statements.py", "perks/syncing.py", "perks/using.py"),
    *("privacy/exporting.py", "privacy/filing.py"),
    *("receipts/issuing.py", "receipts/sheet.py"),
    "relations/registering.py",
    *("rights/plan_rules.py", "rights/promises.py", "rights/rules.py"),
    "waiting/forms.py",
    *("tokens/issuing.py", "tokens/revoking.py", "tokens/using.py"),
)
"""Modules of which no public page says a word, or whose words are a document's: it must not depend on who looks."""
READ = ("reports/periods.py", "reports/results.py")
"""Those of them that make a public page all the same."""
SAID = {
    "appointments/selling.py": ("NotCountedYet",),
    "gatherings/polling.py": ("PollOver", "NoVoice", "VotedAlready", "NoSuchChoice"),
    "kit/money.py": ("NotAnAmount",),
    "listings/rules.py": ("NotYetOpen", "SaleClosed", "Suspended", "SoldOut", "AllHeld"),
    "privacy/exporting.py": ("OnceADay",),
    "relations/registering.py": ("NotIntroduced",),
}
"""Refusals of those modules that buyers and holders meet."""


@cache
def sentences() -> dict[str, list[str]]:
    """Each sentence → the files in which it stands, in the order of the files. Read once in a process."""
    found: dict[str, list[str]] = {}
    for file, text in (*in_templates(), *in_python(), *(("static/js", text) for text in sentences_of_scripts())):
        places = found.setdefault(text, [])
        if file not in places:
            places.append(file)
    return found


def in_templates() -> Iterator[tuple[str, str]]:
    """(file, sentence)."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.policies["ext.i18n.trimmed"] = True
    for file in sorted(ROOT.glob("**/templates/**/*")):
        if file.suffix in (".html", ".txt"):
            found = environment.extract_translations(file.read_text("utf-8"), MARKS)  # type: ignore[attr-defined]
            texts = (text[0] if isinstance(text, tuple) else text for _line, _function, text in found)
            yield from ((str(file.relative_to(ROOT)), text) for text in texts if text)


def in_python() -> Iterator[tuple[str, str]]:
    """(file, sentence)."""
    for file in sorted(ROOT.glob("**/*.py")):
        place = file.relative_to(ROOT)
        whole = str(place) in READ or not any(place.match(pattern) for pattern in UNREAD)
        for part in [ast.parse(file.read_text("utf-8"))] if whole else said(str(place)):
            yield from ((str(place), text) for text in literals(part))


def said(place: str) -> list[ast.ClassDef]:
    """The refusals of a module left out that are said to the public."""
    if (names := SAID.get(place)) is None:
        return []
    tree = ast.parse((ROOT / place).read_text("utf-8"))
    return [part for part in tree.body if isinstance(part, ast.ClassDef) and part.name in names]


def literals(tree: ast.AST) -> Iterator[str]:
    """The Japanese texts of a module that are no docstrings and no part of an f-string."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    silent |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in silent and japanese(node.value):
            yield str(node.value)


def japanese(value: object) -> bool:
    return isinstance(value, str) and JAPANESE.search(value) is not None


def brought_up_to_date(language: Language) -> list[Entry]:
    """The catalogue as it should be: a line for each sentence, with the translation that stands already, if any."""
    source = path(language).read_text("utf-8") if path(language).exists() else ""
    before = {entry.text: entry for entry in read(source)}
    found = [(before.get(text, Entry(text)), places) for text, places in sentences().items()]
    return [Entry(entry.text, entry.said, places, entry.flags) for entry, places in found]


def main() -> None:
    for language in TRANSLATED:
        entries = brought_up_to_date(language)
        path(language).write_text(written(language, entries), "utf-8")
        missing = [entry for entry in entries if not entry.said]
        print(f"{path(language).name}: {len(entries)} sentences, {len(missing)} without a translation")
        for entry in missing[:20]:
            print(f"  {entry.places[0]}: {entry.text!r}")


if __name__ == "__main__":
    main()
