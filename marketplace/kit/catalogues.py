"""Catalogues of translations: the files that translators' tools write (PO), read and written in the one shape we use.

https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html, without plurals, contexts and obsolete entries:
Japanese has no plural, and where English would need one, its sentence is built so that it fits any number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "translations"
HEADER = "Language: {language}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
_LINE = re.compile(r'(?:(msgid|msgstr) )?("(?:[^"\\]|\\.)*")')


class Unreadable(ValueError):
    """A file that is no catalogue of ours; says in which line."""


@dataclass
class Entry:
    """`text` is what stands in the code, `said` its translation; "" where there is none yet."""

    text: str
    said: str = ""
    places: list[str] = field(default_factory=list)
    """Files in which it stands."""
    flags: list[str] = field(default_factory=list)
    """"fuzzy": a tool has guessed the translation. Such a guess is never shown."""


def read(source: str) -> list[Entry]:
    """The entries of a file, in its order, without its header."""
    entries: list[Entry] = []
    entry, part = Entry(""), ""
    for number, line in enumerate(source.split("\n"), 1):
        if not line.strip():
            continue
        if line.startswith("#"):
            if part:
                entry, part = Entry(""), ""
            words = line[2:].replace(",", " ").split()
            entry.places += words if line.startswith("#:") else []
            entry.flags += words if line.startswith("#,") else []
            continue
        found = _LINE.fullmatch(line.strip())
        keyword, value = (found[1], json.loads(found[2])) if found else (None, "")
        if found is None or not (keyword or part):
            raise Unreadable(f"line {number} is neither a comment, a msgid nor a msgstr")
        if keyword == "msgstr" and part != "msgid":
            raise Unreadable(f"line {number} is no msgstr of a msgid: a merge may have kept both")
        if keyword == "msgid":
            entry = Entry("", places=entry.places, flags=entry.flags) if not part else Entry("")
            entries.append(entry)
        part = keyword or part
        if part == "msgid":
            entry.text += value
        else:
            entry.said += value
    return [each for each in entries if each.text]


def written(language: str, entries: Iterable[Entry]) -> str:
    """The file with these entries, in the order given."""
    parts = [_pair("", HEADER.format(language=language))]
    for entry in entries:
        places = "".join(f"#: {place}\n" for place in entry.places)
        flags = f"#, {', '.join(entry.flags)}\n" if entry.flags else ""
        parts.append(places + flags + _pair(entry.text, entry.said))
    return "\n".join(parts)


def _pair(text: str, said: str) -> str:
    return f"msgid {_quoted(text)}\nmsgstr {_quoted(said)}\n"


def _quoted(text: str) -> str:
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    if len(lines) < 2:
        return json.dumps(text, ensure_ascii=False)
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in ["", *lines])


def path(language: str) -> Path:
    return FOLDER / f"{language}.po"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """What stands in the code → how `language` says it. Read once in a process; without guesses and gaps."""
    file = path(language)
    if not file.exists():
        return {}
    return {each.text: each.said for each in read(file.read_text("utf-8")) if each.said and "fuzzy" not in each.flags}
