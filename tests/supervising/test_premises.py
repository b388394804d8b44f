import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from marketplace.supervising.premises import CannotStart, Premises, claimed, merged, read, shortage
from tests.town import ROOT


def ignore(_line: str) -> None:
    pass


def first_run(directory: Path) -> dict[str, str]:
    """What the processes of a complete first run are told."""
    with claimed(directory, ignore) as premises:
        assert premises.prepare(fresh=False, say=ignore)
        env = premises.environment({}, 8000)
        (directory / "hiroba.db").write_text("a town")
        premises.opened()
    return env


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "town"


@pytest.fixture
def premises(directory: Path) -> Iterator[Premises]:
    with claimed(directory, ignore) as premises:
        premises.prepare(fresh=False, say=ignore)
        yield premises


def test_a_second_run_finds_secrets_ports_and_data_as_they_were(directory: Path) -> None:
    first = first_run(directory)
    with claimed(directory, ignore) as premises:
        assert not premises.prepare(fresh=False, say=ignore)
        assert premises.environment({}, 8001) == {**first, "BASE_URL": "http://127.0.0.1:8001"}
    assert (directory / "hiroba.db").read_text() == "a town"


def test_secrets_are_for_the_owner_only_and_differ_between_towns(tmp_path: Path) -> None:
    one, other = first_run(tmp_path / "one"), first_run(tmp_path / "other")
    assert [(tmp_path / "one" / name).stat().st_mode & 0o777 for name in ("hiroba.env", ".")] == [0o600, 0o700]
    secrets = ("SECRET_KEY", "KEY_PASSWORD", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS")
    assert [name for name in secrets if one[name] == other[name]] == []


def test_a_command_run_by_hand_is_told_what_the_processes_of_the_town_are_told(directory: Path) -> None:
    told = first_run(directory)
    assert merged(read(directory / "hiroba.env"), {"DATA_DIR": str(directory)}) == told


def test_a_run_that_died_before_it_had_written_anything_down_leaves_the_directory_its_own(directory: Path) -> None:
    directory.mkdir()
    (directory / "hiroba.town.new").touch()
    assert first_run(directory)["DATA_DIR"] == str(directory)


def test_a_trouble_on_a_full_disk_names_the_disk() -> None:
    place = Path("/srv/town")
    advice = " Only 3 MB are free at /srv/town: make room, then run this again."
    assert [shortage(place, 3_900_000), shortage(place, 80 * 1024**2)] == [advice, ""]


def test_fresh_forgets_no_backup(directory: Path) -> None:
    with claimed(directory, ignore) as premises:
        premises.prepare(fresh=False, say=ignore)
        (directory / "backups").mkdir()
        (directory / "backups" / "kept").write_text("kept")
        assert premises.prepare(fresh=True, say=ignore)
    assert (directory / "backups" / "kept").read_text() == "kept"


def test_fresh_forgets_everything(directory: Path) -> None:
    first = first_run(directory)
    (directory / "chain").mkdir()
    with claimed(directory, ignore) as premises:
        assert premises.prepare(fresh=True, say=ignore)
        assert {path.name for path in directory.iterdir()} == {"hiroba.lock", "hiroba.town"}
        assert premises.environment({}, 8000)["SECRET_KEY"] != first["SECRET_KEY"]


def test_a_first_run_that_did_not_end_begins_again_and_says_so(directory: Path) -> None:
    with claimed(directory, ignore) as premises:
        premises.prepare(fresh=False, say=ignore)
        (directory / "hiroba.db").write_text("half a town")
    said: list[str] = []
    with claimed(directory, said.append) as premises:
        assert premises.prepare(fresh=False, say=said.append)
    assert said == ["the first run in this directory did not come to its end: it begins again"]
    assert not (directory / "hiroba.db").exists()


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CannotStart, match="holds something else"), claimed(tmp_path, ignore):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_place_of_the_directory_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "town").touch()
    with pytest.raises(CannotStart, match=r"can't be used \(File exists\)"), claimed(tmp_path / "town", ignore):
        pass


def test_one_directory_serves_one_run_at_a_time(premises: Premises) -> None:
    said: list[str] = []
    with (
        pytest.raises(CannotStart, match="is in use by another run"),
        claimed(premises.directory, said.append, patience=0),
    ):
        pass
    assert said == ["waiting for the last run in this directory to let go of it"]


def test_a_process_that_inherited_the_lock_holds_the_directory(directory: Path) -> None:
    with claimed(directory, ignore) as premises:
        premises.prepare(fresh=False, say=ignore)
        inherited = os.dup(premises.lock)
    with pytest.raises(CannotStart, match="in use"), claimed(directory, ignore, patience=0):
        pass
    os.close(inherited)
    with claimed(directory, ignore, patience=0):
        pass


def test_a_port_that_another_program_took_is_chosen_anew(directory: Path) -> None:
    before = first_run(directory)
    with (
        socket.create_server(("127.0.0.1", urlsplit(before["CHAIN_URL"]).port or 0)),
        claimed(directory, ignore) as premises,
    ):
        after = premises.environment({}, 8000)
    assert {name for name in after if after[name] != before[name]} == {"CHAIN_URL"}
    assert read(directory / "hiroba.env")["CHAIN_URL"] == after["CHAIN_URL"]


def test_a_chain_and_a_stripe_elsewhere_take_the_place_of_ours(premises: Premises) -> None:
    given = {"CHAIN_URL": "http://127.0.0.1:9999", "STRIPE_SECRET_KEY": "sk_test_theirs", "DEMO": "0"}
    told = premises.environment(given, 8000)
    ours = {"SECRET_KEY", "KEY_PASSWORD", "DATA_DIR", "BASE_URL"}
    assert {name: value for name, value in told.items() if name not in ours} == given
    assert told["BASE_URL"] == "http://127.0.0.1:8000"


def test_ports_are_on_loopback_and_differ(premises: Premises) -> None:
    told = premises.environment({}, 8000)
    addresses = {told["CHAIN_URL"], told["STRIPE_API_BASE"]}
    assert len(addresses) == 2
    assert [address for address in addresses if not re.fullmatch(r"http://127\.0\.0\.1:\d+", address)] == []


def test_the_name_of_a_town_is_read_on_a_machine_that_writes_in_other_letters(tmp_path: Path) -> None:
    """In a locale of EUC, Python reads and writes files in it unless it is told otherwise."""
    (tmp_path / "hiroba.env").write_text("TOWN_NAME=月見沢町\n", "utf-8")
    program = "import pathlib, sys; from marketplace.supervising.premises import read; "
    program += "sys.exit(read(pathlib.Path(sys.argv[1]))['TOWN_NAME'] != '\\u6708\\u898b\\u6ca2\\u753a')"
    other = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", program, tmp_path / "hiroba.env"], env=other, capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
