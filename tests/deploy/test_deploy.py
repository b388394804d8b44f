"""What lies in deploy/ is what the programs that read it would take."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from marketplace.application import create_app
from marketplace.chain.rekeying import WORKING
from marketplace.kit import backpressure, schema
from marketplace.kit.db import db
from marketplace.settings import Settings
from marketplace.supervising import gunicorn
from tests.local_chain import free_port
from tests.processes import eventually
from tests.test_settings import LIVE
from tests.town import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())


def knobs(file: Path) -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", file.read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("name", ["hiroba.env.example", "keys.env.example"])
def test_each_name_in_the_examples_is_a_knob(name: str) -> None:
    assert {knob for knob in knobs(DEPLOY / name) if knob.lower() not in Settings.model_fields} == set()


def test_of_a_signing_service_the_key_of_each_role_is_to_be_named() -> None:
    (named,) = re.findall(r"SIGNER_ADDRESSES=(.*)", (DEPLOY / "keys.env.example").read_text("utf-8"))
    assert {each.partition("=")[0] for each in named.split(",")} == {"town", "fund", *WORKING}


def test_the_password_of_the_keys_is_for_the_workers_alone() -> None:
    assert "KEY_PASSWORD" not in knobs(DEPLOY / "hiroba.env.example")
    readers = [unit.name for unit in UNITS if "keys.env" in unit.read_text("utf-8")]
    assert readers == ["hiroba-worker@.service"]


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if "ExecStart=" in unit.read_text("utf-8")], ids=lambda unit: unit.name
)
def test_with_real_money_each_unit_starts_from_what_it_is_told(unit: Path) -> None:
    kept = knobs(DEPLOY / "keys.env.example")
    told = {
        name: value for name, value in LIVE.items() if name.upper() not in kept or "keys.env" in unit.read_text("utf-8")
    }
    assert ("key_password" in told, Settings(**told).stripe_live) == (unit.name == "hiroba-worker@.service", True)


def test_what_the_containers_are_told_is_in_no_image_and_in_no_repository() -> None:
    """compose.yaml has its secrets lie beside it, in what the image is built from."""
    read = re.findall(r"env_file: \[(.*?)\]", (DEPLOY / "compose.yaml").read_text("utf-8"))
    secret = {f"deploy/{name.strip()}" for names in read for name in names.split(",")} | {"deploy/certificates"}
    assert secret == {"deploy/hiroba.env", "deploy/keys.env", "deploy/certificates"}
    for file, root in ((DEPLOY / "Dockerfile.dockerignore", ""), (ROOT / ".gitignore", "/")):
        patterns = file.read_text("utf-8").split()
        left = [name for name in secret if not any(fnmatch(root + name, pattern) for pattern in patterns)]
        assert left == [], file


def test_a_migration_waits_for_a_lock_as_briefly_in_a_container_as_under_systemd() -> None:
    told = "-c lock_timeout=2s"
    unit = (DEPLOY / "systemd" / "hiroba-migrate.service").read_text("utf-8")
    container = (DEPLOY / "compose.yaml").read_text("utf-8").partition("  migrate:")[2].partition("\n\n")[0]
    assert (f'Environment="PGOPTIONS={told}"' in unit, f"PGOPTIONS: {told}\n" in container) == (True, True)


def test_gunicorn_is_told_the_same_as_on_one_machine() -> None:
    """What scripts/run gives as arguments stands in the file for real towns."""
    told = gunicorn("wsgi:app", 1, 4, 2)
    there: dict[str, object] = {}
    exec((DEPLOY / "gunicorn.conf.py").read_text("utf-8"), there)  # noqa: S102 -- as gunicorn reads it
    assert (there["worker_class"], there["threads"]) == (told[told.index("--worker-class") + 1], 2)
    assert ("--preload" in told, there["preload_app"]) == (True, True)
    assert ("--no-control-socket" in told, there["control_socket_disable"]) == (True, True)


@pytest.mark.parametrize("word", ["", "four", "0", "-1"])
def test_a_word_that_says_nothing_is_refused_by_its_name_and_not_by_gunicorn(tmp_path: Path, word: str) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path), "WEB_BIND": f"127.0.0.1:{free_port()}", "WEB_WORKERS": word}
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode != 0, "\nweb_workers\n" in ended.stderr) == (True, True)


def test_the_web_processes_serve_with_the_file_and_stop_when_told(tmp_path: Path) -> None:
    port = free_port()
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env |= {"DATA_DIR": str(tmp_path), "WEB_BIND": f"127.0.0.1:{port}", "WEB_WORKERS": "1", "SECRET_KEY": "k" * 40}
    with create_app(Settings(data_dir=tmp_path)).app_context():
        schema.upgrade()
        db.engine.dispose()
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    try:
        assert eventually(lambda: status(port, "/readyz") == 200)
    finally:
        process.terminate()
    assert process.wait(timeout=60) == 0


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd: systemd-analyze is not on PATH")
    here = (
        tmp_path / "hiroba"
    )  # instead of /opt/hiroba, so that its programs are found; a checkout's name may have blanks
    here.symlink_to(ROOT)
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/hiroba", str(here))
        (tmp_path / unit.name).write_text(text, "utf-8")
    names = [str(tmp_path / unit.name.replace("@.", "@1.")) for unit in UNITS]
    for name in names:
        template = Path(name).name.replace("@1.", "@.")
        if not Path(name).exists():
            shutil.copy(tmp_path / template, name)
    done = subprocess.run([verify, "verify", "--man=no", *names], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "hiroba" in line]
    assert (done.returncode, ours) == (0, [])


def test_each_program_is_shut_in_alike_and_what_it_writes_is_for_the_town_alone() -> None:
    """Whoever makes the database first makes it for all: it may be the migration."""
    kept = re.compile(
        r"^(?:UMask|StateDirectory\w*|User|(?:No|Private|Protect|Restrict|Lock|Capability)\w+)=.*$", re.MULTILINE
    )
    services = [unit.read_text("utf-8") for unit in UNITS if unit.suffix == ".service"]
    (alike,) = {tuple(sorted(kept.findall(text))) for text in services}
    assert {"UMask=0077", "StateDirectoryMode=0700", "CapabilityBoundingSet="} <= set(alike)
    by_hand = set(re.findall(r"-p (\S+)", (DEPLOY / "town").read_text("utf-8")))
    assert {"UMask=0077", "StateDirectory=hiroba", "StateDirectoryMode=0700"} <= by_hand & {*alike}


def test_a_program_started_by_a_link_reads_its_own_version_when_the_link_leads_to_the_next(tmp_path: Path) -> None:
    """As /opt/hiroba is one: what is first needed a day later would be that of another version."""
    (tmp_path / "hiroba").symlink_to(ROOT)
    (tmp_path / "hiroba-python").symlink_to(sys.prefix)
    program = (
        "import runpy, sys\n"
        "sys.argv = ['marketplace', '--help']\n"
        "try:\n    runpy.run_module('marketplace', run_name='__main__')\n"
        "finally:\n    print(*sys.path, sep='\\n', file=sys.stderr)"
    )
    python = tmp_path / "hiroba-python" / "bin" / "python"
    ended = subprocess.run(
        [python, "-c", program], cwd=tmp_path / "hiroba", capture_output=True, text=True, timeout=60, check=True
    )
    places = ended.stderr.splitlines()
    assert str(Path(sys.prefix).resolve()) in "".join(places)
    assert [place for place in places if str(tmp_path) in place] == []


def test_nginx_adds_headers_to_pages_of_its_own_alone() -> None:
    """The application's have theirs: HSTS twice in one answer is against its standard (RFC 6797, 7.1)."""
    server, *locations = (DEPLOY / "nginx" / "hiroba.conf").read_text("utf-8").split("    location ")
    assert "add_header" not in server
    assert ["internal;" in each for each in locations if "add_header" in each] == [True, True]


def test_both_pages_of_a_full_house_say_the_same_and_when_to_come_again() -> None:
    front = (DEPLOY / "nginx" / "busy.html").read_text("utf-8")
    own = (ROOT / "marketplace" / "templates" / "errors" / "crowded.html").read_text("utf-8")
    kept = "待合室の順番、お申し込み、取り置きの記録は、なくなっていません。"
    assert (kept in front, kept in own) == (True, True)
    assert f'content="{backpressure.RETRY_S}"' in front
    assert f"Retry-After {backpressure.RETRY_S} always" in (DEPLOY / "nginx" / "hiroba.conf").read_text("utf-8")


@pytest.mark.parametrize("name", ["roll", "town"])
def test_the_scripts_are_shell(name: str) -> None:
    assert subprocess.run(["sh", "-n", str(DEPLOY / name)], check=False).returncode == 0
    assert (DEPLOY / name).stat().st_mode & 0o111


def test_what_root_fetches_the_towns_user_can_read() -> None:
    """Whatever root's umask is: many a host is set up with 027 or 077."""
    shells = re.findall(r"(?:^    .*\n|^\n(?=    ))+", (DEPLOY / "README.md").read_text("utf-8"), re.MULTILINE)
    fetching = [shell for shell in shells if "git clone" in shell]
    assert [shell.lstrip().startswith("umask 022\n") for shell in fetching] == [True, True]


def test_what_stands_on_this_host_is_there_before_and_after_us() -> None:
    """A backup that was missed runs as soon as the host is up again, and what is asked last is still written."""
    after = [re.findall(r"^After=(.*)$", unit.read_text("utf-8"), re.MULTILINE) for unit in UNITS if "@" in unit.name]
    after += [
        re.findall(r"^After=(.*)$", (DEPLOY / "systemd" / f"hiroba-{name}.service").read_text("utf-8"), re.M)
        for name in ("backup", "follow", "migrate")
    ]
    assert after == [["network-online.target postgresql.service redis-server.service"]] * 5


def test_a_backup_that_could_not_be_made_is_tried_again_a_little_later() -> None:
    """1: one was made. https://www.freedesktop.org/software/systemd/man/systemd.service.html#Restart="""
    unit = (DEPLOY / "systemd" / "hiroba-backup.service").read_text("utf-8")
    again = re.findall(r"^(Restart\w*)=(.*)$", unit, re.MULTILINE)
    assert again == [("Restart", "on-failure"), ("RestartSec", "15min"), ("RestartPreventExitStatus", "1")]


def test_nginx_asks_anew_where_the_web_is_when_its_containers_are_made_anew() -> None:
    compose = (DEPLOY / "compose.yaml").read_text("utf-8").partition("  nginx:")[2]
    assert "web: {condition: service_started, restart: true}" in compose


def test_the_page_names_each_unit_and_each_file() -> None:
    """Those of a folder by the folder."""
    page = (DEPLOY / "README.md").read_text("utf-8")
    names = {file.name for file in DEPLOY.iterdir()} - {"README.md", "__pycache__"}
    assert {name for name in names if name not in page} == set()
    units = {re.sub(r"@?\.\w+$", "", unit.name) for unit in UNITS}
    assert {unit for unit in units if unit not in page} == set()
