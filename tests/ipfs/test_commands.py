"""`push` and `audit`, the commands that look at other places than the store."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from ipfs import car
from ipfs.cid import CID, RAW
from tests.ipfs.conftest import Command
from tests.ipfs.kubo_double import KuboDouble


@pytest.fixture
def root(run: Command, folder: Path) -> str:
    return run("add", folder)[1].decode().strip()


@pytest.fixture
def file(run: Command, root: str, tmp_path: Path) -> Path:
    run("export", root, "-o", tmp_path / "tree.car")
    return tmp_path / "tree.car"


def test_push_brings_each_tree_as_one_car_and_prints_what_arrived(
    run: Command, root: str, file: Path, folder: Path, node: KuboDouble
) -> None:
    other = run("add", folder / "hello.txt")[1].decode().strip()
    assert run("push", "--rpc", node.url, root, other) == (0, f"{root}\n{other}\n".encode(), b"")
    assert (node.imports, len(node.pins), len(node.blocks)) == (2, 2, 6)
    assert run("push", "--rpc", node.url, file) == (0, f"{root}\n".encode(), b"")
    assert node.imports == 3


def test_nothing_is_sent_of_a_tree_that_is_not_whole(run: Command, root: str, file: Path, node: KuboDouble) -> None:
    damaged = file.with_name("damaged.car")
    damaged.write_bytes(file.read_bytes()[:-1])
    status, out, errors = run("push", "--rpc", node.url, damaged)
    assert (status, out, errors) == (1, b"", b"ipfs: the CAR ends in the middle\n")
    forget(run, CID.of(b"hello world", RAW))
    status, out, errors = run("push", "--rpc", node.url, root)
    assert (status, out, errors.count(b"\n")) == (1, b"", 1)
    assert (node.imports, node.blocks) == (0, {})


def test_a_hosted_node_gets_its_token_from_the_environment(
    run: Command, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KuboDouble(base="/v1/ipfs/api/v0", token="right") as hosted:
        assert run("push", "--rpc", hosted.url, root)[0] == 1
        monkeypatch.setenv("IPFS_RPC_TOKEN", "right")
        assert run("push", "--rpc", hosted.url, root)[0] == 0


def test_a_node_that_keeps_half_of_what_was_sent_is_found_out(run: Command, root: str, node: KuboDouble) -> None:
    node.cuts_answers = True
    status, out, errors = run("push", "--rpc", node.url, root)
    assert (status, out) == (1, b"")
    assert errors.endswith(b"or only a part of them\n")


@pytest.mark.parametrize("command", ["push", "audit"])
@pytest.mark.parametrize("trouble", ["hangs", "breaks_off", "is_busy"])
def test_a_node_in_trouble_is_one_line_and_status_1(
    run: Command, root: str, node: KuboDouble, command: str, trouble: str
) -> None:
    setattr(node, trouble, True)
    status, out, errors = run(command, "--timeout", "0.3", "--rpc", node.url, root)
    assert (status, out, errors.count(b"\n")) == (1, b"", 1)
    assert errors.startswith(b"ipfs: the node")


@pytest.mark.parametrize("url", ["kubo", "ftp://kubo", "http://kubo:99999", "/ip4/999.0.0.1/tcp/1/http", "http://[::1"])
def test_what_is_no_address_of_a_node_is_wrong_use(run: Command, url: str) -> None:
    status, _, errors = run("push", "--rpc", url, "whatever")
    assert (status, b"not the address of an RPC" in errors) == (2, True)


def test_an_audit_says_what_was_found_where(run: Command, root: str, file: Path, node: KuboDouble) -> None:
    run("push", "--rpc", node.url, root)
    size = run("verify", root)[1].decode().split()[3]
    whole = f"6 blocks {size} bytes\n"
    assert run("audit", root) == (0, f"{root} whole in the store: {whole}".encode(), b"")
    assert run("audit", file) == (0, f"{root} whole in the CAR: {whole}".encode(), b"")
    assert run("audit", "--rpc", node.url, file) == (
        0,
        f"{root} whole in the CAR: {whole}{root} whole in the node: {whole}".encode(),
        b"",
    )


def test_an_audit_of_the_store_names_every_block_that_is_gone_or_changed(run: Command, root: str, folder: Path) -> None:
    hello, chunk = CID.of(b"hello world", RAW), CID.of((folder / "below" / "large").read_bytes()[:1048576], RAW)
    forget(run, hello)
    change(run, chunk)
    status, out, errors = run("audit", root)
    assert (status, errors) == (1, b"ipfs: 2 blocks are missing or damaged\n")
    verdict, *faults = out.decode().splitlines()
    assert verdict.startswith(f"{root} damaged in the store: 4 blocks ")
    assert sorted(line.split(":")[0].strip() for line in faults) == sorted([str(hello), str(chunk)])


def test_an_audit_of_a_node_sees_a_lost_block_and_a_lost_pin(run: Command, root: str, node: KuboDouble) -> None:
    run("push", "--rpc", node.url, root)
    node.lose(str(CID.of(b"hello world", RAW)))
    status, out, _ = run("audit", "--rpc", node.url, root)
    assert (status, out.decode().split(":")[0]) == (1, f"{root} damaged in the node")
    run("push", "--rpc", node.url, root)
    assert run("audit", "--rpc", node.url, root)[0] == 0
    node.pins.clear()
    status, out, _ = run("audit", "--rpc", node.url, root)
    assert (status, out.decode().splitlines()[1]) == (1, f"  {root}: the node does not promise to keep it")


def test_an_audit_of_a_folder_of_blocks(run: Command, root: str, file: Path, tmp_path: Path) -> None:
    blocks = tmp_path / "blocks"
    blocks.mkdir()
    with file.open("rb") as source:
        for block in car.CarReader(source):
            (blocks / f"{block.cid}.bin").write_bytes(block.data)
    assert run("audit", "--blocks", blocks, root)[0] == 0
    (blocks / f"{CID.of(b'hello world', RAW)}.bin").write_bytes(b"hello w0rld")
    status, _, errors = run("audit", "--blocks", blocks, root)
    assert (status, errors) == (1, b"ipfs: 1 blocks are missing or damaged\n")
    shutil.rmtree(blocks)
    assert run("audit", "--blocks", blocks, root) == (2, b"", f"ipfs: {blocks}: is not a folder\n".encode())


def test_an_audit_of_a_damaged_car_is_a_plain_no(run: Command, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])
    assert run("audit", file) == (1, b"", b"ipfs: the CAR ends in the middle\n")


@pytest.mark.parametrize("what", ["hello", "../../no/such/thing", "BAFY"])
def test_what_is_neither_a_file_nor_a_cid_is_a_plain_no(run: Command, root: str, node: KuboDouble, what: str) -> None:
    for command in (("audit", what), ("push", "--rpc", node.url, what)):
        status, out, errors = run(*command)
        assert (status, out, errors.count(b"\n")) == (1, b"", 1)


def forget(run: Command, cid: CID) -> None:
    _change(run, "DELETE FROM ipfs_blocks WHERE multihash = :multihash", cid)


def change(run: Command, cid: CID) -> None:
    _change(run, "UPDATE ipfs_blocks SET data = x'00' WHERE multihash = :multihash", cid)


def _change(run: Command, statement: str, cid: CID) -> None:
    engine = sa.create_engine(f"sqlite:///{run.store}")
    with engine.begin() as connection:
        assert connection.execute(sa.text(statement), {"multihash": cid.multihash}).rowcount == 1
    engine.dispose()
