"""The committed artifacts are what the committed sources compile to."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from eth_hash.auto import keccak

from marketplace.chain import contract

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = sorted(contract.ARTIFACTS.rglob("*.json"))


def test_there_is_an_artifact_for_each_contract() -> None:
    names = [path.relative_to(contract.ARTIFACTS).with_suffix("").as_posix() for path in COMMITTED]
    others = ("ContractWallet", "GreedyRights", "ReentrantBuyer", "SeaportLike")
    assert names == [*sorted(contract.NAMES), *(f"test/{name}" for name in others)]


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_our_sources_are_those_that_were_compiled(path: Path) -> None:
    """The compiler wrote the hash of each source into the metadata, so that no compiler is needed to ask."""
    sources = json.loads(json.loads(path.read_text())["metadata"])["sources"]
    ours = {name: entry["keccak256"] for name, entry in sources.items() if name.startswith("contracts/")}
    assert ours != {}
    assert {name: "0x" + keccak((ROOT / name).read_bytes()).hex() for name in ours} == ours


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_the_compiler_and_its_settings_are_the_pinned_ones(path: Path) -> None:
    metadata = json.loads(json.loads(path.read_text())["metadata"])
    pinned = json.loads((ROOT / "contracts/package.json").read_text())["devDependencies"]["solc"]
    assert metadata["compiler"]["version"].split("+")[0] == pinned
    assert metadata["settings"]["evmVersion"] == "cancun"
    assert metadata["settings"]["optimizer"] == {"enabled": True, "runs": 200}


@pytest.mark.node
def test_compiling_again_gives_the_same_bytes(tmp_path: Path) -> None:
    node = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv/bin"))
    if node is None or not (ROOT / "contracts/node_modules/solc").exists():
        pytest.skip("Node.js or the npm packages of contracts/ are missing: run scripts/setup")
    subprocess.run([node, str(ROOT / "contracts/compile.mjs"), str(tmp_path)], check=True, capture_output=True)
    again = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json")}
    assert again == {path.relative_to(contract.ARTIFACTS): path.read_bytes() for path in COMMITTED}


def test_the_lock_file_names_no_server() -> None:
    packages = json.loads((ROOT / "contracts/package-lock.json").read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
