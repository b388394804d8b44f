"""What the documents say is true: their commands run, their tables are the code's, their links lead somewhere."""

import re
import runpy
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr

from marketplace import cli
from marketplace.command_line import parser
from marketplace.outbox.promising import LISTENERS
from marketplace.payments.hearing import KINDS
from marketplace.settings import Settings
from marketplace.webhooks.topics import PING, TOPICS
from tests.docs import exports, faults, states

ROOT = Path(__file__).parents[2]
READMES = ("contracts/README.md", "deploy/README.md", "ipfs/README.md", "ipfs/node/README.md")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *map(ROOT.joinpath, READMES)]
MODULES = sorted({name for page in PAGES for name in re.findall(r"python -m ([a-z_.]+)", page.read_text("utf-8"))})
SCRIPTS = sorted({name for page in PAGES for name in re.findall(r"\bscripts/[a-z]+|\.ci/run", page.read_text("utf-8"))})


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith("tests.")])
def test_a_command_of_the_documents_explains_itself(module: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.strip()


@pytest.mark.filterwarnings("ignore:.* found in sys.modules:RuntimeWarning")  # of runpy: this process has them already
@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("tests.")])
def test_a_command_of_ours_explains_itself(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not as a process of its own: it would import the suite and the town for a line of text."""
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    status: str | int | None = None
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code
    out, err = capsys.readouterr()
    assert (status or 0, err) == (0, "")
    assert out.strip()


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_the_documents_is_there_to_run(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


def test_the_first_page_leads_to_every_other_one() -> None:
    """Decisions by their folder; the node of IPFS by the page of IPFS."""
    linked = set(re.findall(r"\]\(([^)#\s]+)", (ROOT / "README.md").read_text("utf-8")))
    pages = {page.relative_to(ROOT).as_posix() for page in PAGES if page.parent.name != "decisions"}
    assert pages - linked == {"README.md", "ipfs/node/README.md"}


TOUR = (ROOT / "docs" / "tour.md").read_text("utf-8")
PLACES = re.findall(r"(?<!⇢ )`((?!\w+\.py)[a-z_]+(?:[./][a-z_]+)+)[:`]", TOUR)


@pytest.mark.parametrize("name", sorted(set(PLACES)))
def test_what_the_tour_passes_is_there(name: str) -> None:
    """`office.act`, `office/act.py`, `office.act.function`."""
    office, act, *function = name.removesuffix(".py").replace("/", ".").split(".")
    assert hasattr(import_module(f"marketplace.{office}.{act}"), *function or ("__name__",))


def test_the_facts_that_the_tour_tells_of_are_heard(app: Flask) -> None:
    told = set(re.findall(r"⇢ `([a-z_.]+)`", TOUR))
    assert told - set(LISTENERS) == set()


def test_each_kind_of_news_for_partners_is_told() -> None:
    told = re.findall(r"`([a-z]+\.[a-z]+)`", (ROOT / "docs" / "webhooks-v1.md").read_text("utf-8"))
    assert told[-len(TOPICS) - 1 :] == [*TOPICS, PING]


def test_the_tables_of_states_are_those_of_the_code() -> None:
    assert (ROOT / "docs" / "states.md").read_text("utf-8") == states.text()


def test_the_columns_of_the_exports_are_those_of_the_code() -> None:
    assert (ROOT / "docs" / "exports.md").read_text("utf-8") == exports.text()


README, DEPLOY, OPERATE = (
    (ROOT / name).read_text("utf-8") for name in ("README.md", "deploy/README.md", "docs/operate.md")
)


def test_the_table_of_faults_is_that_of_the_code() -> None:
    (printed,) = re.findall(r"<!-- faults: [^>]*-->\n(.*?)<!-- /faults -->", OPERATE, re.DOTALL)
    assert printed == faults.text()


def test_the_events_to_subscribe_to_are_those_that_are_heard() -> None:
    chapter = OPERATE.split("## Stripe's news\n")[1].split("\n## ")[0]
    assert tuple(re.findall(r"^- `([a-z_.]+)`$", chapter, re.MULTILINE)) == KINDS


COMMANDS = re.findall(r"(?:python -m marketplace|deploy/town) ([a-z]+[^`\n;(),|]*)", OPERATE + DEPLOY + README)


@pytest.mark.parametrize("line", sorted(set(COMMANDS)))
def test_each_command_for_whoever_operates_the_town_is_one(line: str) -> None:
    """Its name, its options and how many things it wants: read by the command line itself, and not run."""
    command, *arguments = shlex.split(line)
    options = parser().parse_args([command, *arguments])
    assert callable(cli.COMMANDS[options.act])


def test_what_can_be_typed_is_what_can_be_run() -> None:
    typed = re.findall(r"^    ([a-z]+) ", parser().format_help(), re.MULTILINE)
    assert typed == list(cli.COMMANDS)


def test_each_setting_that_is_named_for_whoever_operates_the_town_is_one() -> None:
    known = {name.upper() for name in Settings.model_fields}
    named = set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)", OPERATE))
    assert named - known == set()


def test_each_secret_of_the_settings_has_a_line_that_says_how_it_is_changed() -> None:
    told = (ROOT / "docs" / "operate.md").read_text("utf-8").partition("## Changing secrets")[2].partition("\n## ")[0]
    secret = {name.upper() for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    named = {knob for line in told.splitlines() for knob in re.findall(r"`([A-Z_0-9]+)`", line.partition(" | ")[0])}
    assert secret - named == set()
