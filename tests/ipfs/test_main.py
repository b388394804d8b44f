import io
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from ipfs import car
from ipfs.cid import RAW, make_block
from tests.ipfs.conftest import Command

HELLO = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
HELLO_V0 = "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"


def test_cid_prints_one_line_and_stores_nothing(run: Command, folder: Path) -> None:
    assert run("cid", folder / "hello.txt") == (0, f"{HELLO}\n".encode(), b"")
    assert run("cid", "--profile", "unixfs-v0-2015", folder / "hello.txt") == (0, f"{HELLO_V0}\n".encode(), b"")
    assert not Path(run.store).exists()


def test_cid_reads_the_standard_input(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"hello world")))
    assert run("cid", "-") == (0, f"{HELLO}\n".encode(), b"")


def test_what_was_added_is_listed_read_and_verified(run: Command, folder: Path) -> None:
    status, out, _ = run("add", folder)
    root = out.decode().strip()
    assert status == 0
    assert run("cid", folder)[1] == out
    _, listing, _ = run("ls", root)
    assert [line.split() for line in listing.decode().splitlines()][1] == [HELLO, "11", "hello.txt"]
    assert run("cat", f"{root}/hello.txt") == (0, b"hello world", b"")
    assert run("cat", f"ipfs://{root}/below/large") == (0, b"0123456789" * 150_000, b"")
    status, out, _ = run("verify", root)
    assert (status, out.decode().split()[:3]) == (0, [root, "6", "blocks"])


def test_a_tree_travels_in_a_car_file_to_another_store(run: Command, folder: Path, tmp_path: Path) -> None:
    root = run("add", folder)[1].decode().strip()
    file = tmp_path / "tree.car"
    assert run("export", root, "-o", file) == (0, b"", b"")
    assert run("export", root) == (0, file.read_bytes(), b"")
    run.store = str(tmp_path / "other.sqlite")
    assert run("import", file) == (0, f"{root}\n".encode(), b"")
    assert run("cat", f"{root}/hello.txt") == (0, b"hello world", b"")
    assert run("verify", "--root", root, file)[0] == 0


def test_an_export_leaves_only_the_finished_file(run: Command, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    run("add", folder)
    missing = HELLO[:-1] + "i"
    assert run("export", missing, "-o", out / "tree.car")[0] == 1
    root = run("add", folder)[1].decode().strip()
    run("export", root, "-o", out / "tree.car")
    assert [path.name for path in out.iterdir()] == ["tree.car"]


def test_a_damaged_car_is_refused_and_nothing_of_it_is_kept(run: Command, folder: Path, tmp_path: Path) -> None:
    root = run("add", folder)[1].decode().strip()
    whole = run("export", root)[1]
    file = tmp_path / "damaged.car"
    run.store = str(tmp_path / "other.sqlite")
    for damaged in (whole[:-1], whole[:-5] + b"x" + whole[-4:], whole[: len(whole) // 2]):
        file.write_bytes(damaged)
        for command in ("verify", "import"):
            status, out, errors = run(command, file)
            assert (status, out) == (1, b"")
            assert errors.startswith(b"ipfs: ")
            assert errors.count(b"\n") == 1
    assert run("cat", f"{root}/hello.txt")[0] == 1


def test_a_car_that_breaks_off_after_many_good_blocks_leaves_none_of_them(run: Command, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(100):
        (many / str(number)).write_bytes(b"%d" % number)
    root = run("add", many)[1].decode().strip()
    file = tmp_path / "cut.car"
    file.write_bytes(run("export", root)[1][:-1])
    run.store = str(tmp_path / "other.sqlite")
    assert run("import", file) == (1, b"", b"ipfs: the CAR ends in the middle\n")
    engine = sa.create_engine(f"sqlite:///{run.store}")
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        kept = connection.execute(sa.text("SELECT count(*) FROM ipfs_blocks")).scalar() if tables else 0
    engine.dispose()
    assert kept == 0


@pytest.mark.parametrize("path", ["/..", "/../hello.txt", "/below/../hello.txt", "/%2e%2e", "/hello.txt/x", "/\x00"])
def test_a_path_leads_only_down(run: Command, folder: Path, path: str) -> None:
    root = run("add", folder)[1].decode().strip()
    for command in ("cat", "ls", "export", "verify"):
        status, out, errors = run(command, f"{root}{path}")
        assert (status, out, errors.count(b"\n")) == (1, b"", 1)


def test_a_right_car_of_another_root_fails_the_check_of_the_root(run: Command, tmp_path: Path) -> None:
    block = make_block(b"hello world", RAW)
    file = tmp_path / "hello.car"
    file.write_bytes(b"".join(car.write(block.cid, [block])))
    assert run("verify", "--root", HELLO, file) == (0, f"{HELLO} 1 blocks 11 bytes\n".encode(), b"")
    assert run("verify", "--root", HELLO_V0, file) == (
        1,
        b"",
        f"ipfs: the root is {HELLO}, not {HELLO_V0}\n".encode(),
    )


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (("cid", "/no/such/file"), 2, "ipfs: /no/such/file: No such file or directory\n"),
        (("verify", "/dev/null"), 1, "ipfs: not a CAR file\n"),
        (("cid", "/dev/null"), 1, "ipfs: /dev/null is neither a file nor a folder\n"),
        (("import", "/no/such/file"), 2, "ipfs: /no/such/file: No such file or directory\n"),
    ],
)
def test_trouble_is_one_line_and_a_status(
    run: Command, arguments: tuple[str, ...], status: int, complaint: str
) -> None:
    assert run(*arguments) == (status, b"", complaint.encode())


def test_reading_without_a_store_says_so_and_makes_none(run: Command) -> None:
    status, out, errors = run("cat", HELLO)
    assert (status, out) == (2, b"")
    assert b"there is no store here" in errors
    assert not Path(run.store).exists()


def test_what_is_no_cid_or_not_in_the_store_is_a_plain_no(run: Command, folder: Path) -> None:
    run("add", folder / "hello.txt")
    assert run("cat", HELLO.upper())[0] == 1
    assert run("ls", HELLO)[2] == f"ipfs: {HELLO} is a file, not a directory\n".encode()
    assert run("cat", HELLO_V0[:-1] + "X")[0] == 1


def test_a_store_that_is_no_database_is_one_line(run: Command, folder: Path) -> None:
    Path(run.store).write_bytes(b"something else entirely, long enough to be looked at" * 20)
    status, _, errors = run("add", folder)
    assert (status, errors.count(b"\n")) == (2, 1)


def test_wrong_use_is_status_2(run: Command) -> None:
    assert run("cid")[0] == 2
    assert run("fly")[0] == 2
    assert run("cid", "--profile", "mine", "x")[0] == 2


def test_a_reader_that_leaves_early_is_no_crash(run: Command, folder: Path) -> None:
    root = run("add", folder)[1].decode().strip()
    command = [sys.executable, "-m", "ipfs", "--store", run.store, "cat", f"{root}/below/large"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cat:
        assert cat.stdout is not None
        assert cat.stderr is not None
        assert cat.stdout.read(10) == b"0123456789"
        cat.stdout.close()
        assert cat.stderr.read() == b""
        assert cat.wait() == 1
