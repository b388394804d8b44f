"""scripts/setup on a small copy of the repository whose locks name nothing, so that no registry is asked."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOWHERE = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
MISSING = f"hiroba-is-no-package==1.0 --hash=sha256:{'0' * 64}\n"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "scripts", tmp_path / "copy" / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "copy" / "requirements").mkdir()
    for name in ("run", "test", "node"):
        (tmp_path / "copy" / "requirements" / f"{name}.txt").write_text("# nothing\n")
    return tmp_path / "copy"


@pytest.fixture
def installed(copy: Path) -> Path:
    """As after scripts/setup run, but quicker: pip is borrowed from the Python beneath."""
    quick = ["--without-pip", "--system-site-packages", str(copy / ".venv")]
    subprocess.run([sys._base_executable, "-m", "venv", *quick], check=True)  # type: ignore[attr-defined]
    setup(copy)
    return copy


def setup(copy: Path, purpose: str = "run", **more: str) -> subprocess.CompletedProcess[str]:
    """The script as a person calls it from their home, with their own PIP_ settings aside."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(
        [copy / "scripts" / "setup", purpose], cwd="/", env={**env, **NOWHERE, **more}, capture_output=True, text=True
    )


def steps(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return [line.split(" …")[0] for line in done.stderr.splitlines()]


def test_two_at_once_do_the_work_once_and_tell_each_step_and_the_next_has_nothing_to_do(copy: Path) -> None:
    command = [str(copy / "scripts" / "setup"), "run"]
    env = {**os.environ, **NOWHERE}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, env=env, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    said = [each.communicate() for each in both]
    assert [(each.returncode, out) for each, (out, _) in zip(both, said, strict=True)] == [(0, ""), (0, "")]
    lines = "".join(err for _, err in said).splitlines()
    told = [line.split(" …")[0] for line in lines if line != "setup: waiting for another setup of this directory"]
    assert told == ["setup: Python environment in .venv", "setup: Python packages of requirements/run.txt"]
    assert steps(setup(copy)) == []
    assert {path.name for path in copy.iterdir()} == {"scripts", "requirements", ".venv", ".cache"}


def test_what_is_installed_for_tests_is_enough_to_run_until_a_lock_changes(installed: Path) -> None:
    assert steps(setup(installed, "test")) == ["setup: Python packages of requirements/test.txt"]
    (installed / ".venv" / ".run").unlink()
    assert steps(setup(installed, "run")) == []
    (installed / "requirements" / "test.txt").write_text("# something else\n")
    assert steps(setup(installed, "test")) == ["setup: Python packages of requirements/test.txt"]


@pytest.mark.parametrize("harm", ["interrupted", "python went away"])
def test_a_half_made_or_broken_environment_is_made_anew(installed: Path, harm: str) -> None:
    if harm == "interrupted":
        (installed / ".venv" / ".run").unlink()
        (installed / ".venv" / ".unfinished").touch()
    else:
        (installed / ".venv" / "bin" / "python").unlink()
        (installed / ".venv" / "bin" / "python").symlink_to("/nowhere/python")
    anew = ["setup: Python environment in .venv", "setup: Python packages of requirements/run.txt"]
    assert steps(setup(installed)) == anew


def test_no_network_is_one_line_with_the_remedy_and_leaves_no_stamp(installed: Path) -> None:
    (installed / "requirements" / "test.txt").write_text(MISSING)
    failed = setup(installed, "test")
    assert (failed.returncode, failed.stderr.splitlines()[-1]) == (
        1,
        "The package registry could not be reached: connect to a network, or name a mirror in the configuration of pip "
        f"and npm. Details: {installed / '.cache' / 'setup.log'}",
    )
    assert not (installed / ".venv" / ".test").exists()


@pytest.fixture
def npm(installed: Path, tmp_path: Path) -> Path:
    """A folder of programs with an npm that writes down where it keeps what it fetches, or says what `says` has."""
    (installed / "contracts").mkdir()
    (installed / "contracts" / "package-lock.json").write_text("{}")
    tools = tmp_path / "tools"
    tools.mkdir()
    keeps = (
        'cat says >&2 && exit 1; mkdir contracts/node_modules; echo "$npm_config_cache" > contracts/node_modules/kept'
    )
    for name, does in (("node", "echo v22.0.0"), ("npm", keeps)):
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    return tools


@pytest.mark.parametrize(
    ("home", "more", "kept"),
    [
        pytest.param("{here}", {}, "", id="a home"),
        pytest.param("/nonexistent", {}, "{here}/.cache/npm", id="none"),
        pytest.param("/nonexistent", {"npm_config_cache": "/var/npm"}, "/var/npm", id="none, and a place that is said"),
    ],
)
def test_npm_needs_no_home(installed: Path, npm: Path, home: str, more: dict[str, str], kept: str) -> None:
    path = f"{npm}:{os.environ['PATH']}"
    done = setup(installed, PATH=path, HOME=home.format(here=installed), **more)
    assert steps(done) == ["setup: npm packages of contracts/package-lock.json"]
    assert (installed / "contracts/node_modules/kept").read_text() == kept.format(here=installed) + "\n"


def test_a_certificate_that_is_not_trusted_is_told_with_the_remedy(installed: Path, npm: Path) -> None:
    (installed / "says").write_text("npm error code SELF_SIGNED_CERT_IN_CHAIN\nnpm error see the log\n")
    failed = setup(installed, PATH=f"{npm}:{os.environ['PATH']}")
    said = failed.stderr.splitlines()[-1]
    assert (failed.returncode, said.partition(".")[0], "PIP_CERT and NODE_EXTRA_CA_CERTS" in said) == (
        1,
        "The package registry shows a certificate that this machine does not trust",
        True,
    )


def test_a_word_that_means_nothing_is_refused(copy: Path) -> None:
    refused = setup(copy, "everything")
    assert (refused.returncode, refused.stderr) == (
        1,
        "There is nothing called 'everything' to set up: say scripts/setup run or scripts/setup test.\n",
    )


def test_without_a_fitting_python_the_remedy_is_named(copy: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "sh"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # how a Python 3.9 answers
    old.chmod(0o755)
    refused = setup(copy, PATH=str(tools))
    assert (refused.returncode, refused.stderr.split(":")[0]) == (
        1,
        "Hiroba needs Python 3.11 or newer with its venv module",
    )


def test_what_is_installed_serves_somebody_who_may_not_write_there_and_what_is_missing_is_told(installed: Path) -> None:
    """Whatever keeps its lock from being made: another owner, a full disk, a file in the way."""
    shutil.rmtree(installed / ".cache")
    (installed / ".cache").write_text("in the way")
    assert steps(setup(installed)) == []
    (installed / "requirements" / "run.txt").write_text("# something else\n")
    refused = setup(installed)
    assert (refused.returncode, refused.stderr) == (
        1,
        f"{installed / '.cache'} can't be written (File exists): let whoever this directory belongs to run "
        "scripts/setup, or run it in a copy of your own.\n",
    )


def test_slither_waits_for_who_installs_and_comes_anew_where_its_python_went_away(
    installed: Path,
) -> None:
    (installed / "requirements" / "slither.txt").write_text("# nothing\n")
    program = "import auditing; auditing.install()"
    command, env = [sys.executable, "-c", program], {**os.environ, "PYTHONPATH": str(installed / "scripts" / "lib")}
    with (installed / ".cache" / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        assert second.stderr is not None
        waits = second.stderr.readline()
    rest = second.communicate()[1]
    assert (waits, second.returncode) == ("setup: waiting for another setup of this directory\n", 0), rest
    python = installed / ".cache" / "slither" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    again = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert (again.stderr.split(" …")[0], python.exists()) == ("setup: slither for scripts/audit", True)


def test_a_python_that_the_environment_names_is_not_taken_for_ours(installed: Path) -> None:
    env = {**os.environ, **NOWHERE, "PYTHONHOME": "/nowhere"}
    ended = subprocess.run([installed / "scripts" / "run"], env=env, capture_output=True, text=True, check=False)
    assert ended.stderr.rstrip().endswith("No module named marketplace")


OURS = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file() and path.name != "setup")


@pytest.mark.parametrize(
    "script", [path for path in OURS if ".venv/bin/" in path.read_text()], ids=lambda path: path.name
)
def test_each_script_brings_what_it_needs_into_a_fresh_clone(script: Path) -> None:
    before = script.read_text("utf-8").partition(".venv/bin/")[0]
    assert ("scripts/setup" in before, re.search(r"^unset .*PYTHONHOME", before, re.MULTILINE) is not None) == (
        True,
        True,
    )


def test_a_migration_without_a_name_is_asked_for_one(copy: Path) -> None:
    refused = subprocess.run([copy / "scripts" / "schema"], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr) == (2, 'Say what changes: scripts/schema "what changes"\n')
