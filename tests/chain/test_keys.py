"""Keys lie encrypted, for us alone, and are not weak where that costs money."""

import argparse
import io
import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from eth_account import Account
from flask import Flask
from pydantic import SecretStr

from marketplace.chain import commands, keys, keystore
from marketplace.chain.relocking import CannotRelock, relock
from marketplace.settings import Settings
from tests.apps import another
from tests.chain.key_making import made


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without a chain: keys need none."""
    return settings


def file_of(settings: Settings, role: str) -> Path:
    return settings.data_dir / "keys" / f"{role}.json"


def test_a_role_has_one_key_for_ever(app: Flask, settings: Settings) -> None:
    first = keys.signer("issuer").address
    keystore.opened.cache_clear()
    assert keys.signer("issuer").address == first
    assert keys.signer("custodian").address != first


def test_the_file_is_ours_alone_and_does_not_show_the_key(app: Flask, settings: Settings) -> None:
    signer = keys.signer("issuer")
    path = file_of(settings, "issuer")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    kept = json.loads(path.read_text())
    key = Account.decrypt(kept, "a test's password")
    assert Account.from_key(key).address == signer.address
    assert bytes(key).hex() not in path.read_text()


def test_a_wallet_of_the_demo_has_a_file_name_without_a_colon(app: Flask, settings: Settings) -> None:
    keys.signer("wallet:hanako")
    assert file_of(settings, "wallet-hanako").exists()


def test_it_signs_what_its_address_sent(app: Flask) -> None:
    fields = {
        "type": 2,
        "chainId": 1,
        "nonce": 0,
        "gas": 21_000,
        "maxFeePerGas": 1,
        "maxPriorityFeePerGas": 1,
        "value": 0,
        "data": b"",
        "to": "0x" + "11" * 20,
    }
    raw, _ = keys.signer("issuer").sign(fields)
    assert Account.recover_transaction(raw) == keys.signer("issuer").address


def test_a_public_chain_wants_a_password(settings: Settings) -> None:
    open_door = settings.model_copy(update={"chain_id": 137, "key_password": type(settings.key_password)("")})
    with another(open_door), pytest.raises(keys.WeakKey, match="Polygon"):
        keys.signer("issuer")


def test_whoever_signs_for_real_money_wants_a_password_or_a_service(settings: Settings) -> None:
    nothing = type(settings.key_password)("")
    live = settings.model_copy(update={"stripe_live": True, "key_password": nothing})
    with another(live), pytest.raises(keys.WeakKey, match="STRIPE_LIVE=1"):
        keys.signer("issuer")
    keys.see_that_keys_may_be_used(live.model_copy(update={"signer_url": "https://signer.internal:9000"}))


def test_a_key_locked_lightly_is_refused_on_a_public_chain(app: Flask, settings: Settings) -> None:
    keys.signer("issuer")
    public = settings.model_copy(update={"chain_id": 1})
    with another(public), pytest.raises(keys.WeakKey, match=r"issuer\.json"):
        keys.signer("issuer")


def test_processes_that_make_a_key_at_once_agree(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert len(set(pool.map(made, [tmp_path / "keys" / "issuer.json"] * 3))) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["issuer.json"]


def test_a_worker_does_not_start_where_keys_would_lie_open(settings: Settings) -> None:
    """Polygon's number, no password: refused by name, before anything is sent."""
    knobs = {
        "CHAIN_ID": "137",
        "CHAIN_CONFIRMATIONS": "1",
        "KEY_PASSWORD": "",
        "DATA_DIR": str(settings.data_dir),
        "SECRET_KEY": "x",
    }
    command = [sys.executable, "-m", "marketplace", "worker"]
    ended = subprocess.run(command, env={**os.environ, **knobs}, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr.splitlines()[-1].split(":")[0]) == (
        2,
        "Polygon (chain 137) is a public chain",
    )
    assert not (settings.data_dir / "keys").exists()


class TestAnotherPassword:
    NEW = "9vXr2LqT7mWb4KdZ"

    def relocked(self, settings: Settings, new: str) -> list[str]:
        with another(settings):
            lines: list[str] = []
            relock(new, lines.append)
            return lines

    def test_the_keys_stay_and_open_under_the_new_one_alone(self, app: Flask, settings: Settings) -> None:
        before = {role: keys.signer(role).address for role in ("issuer", "town")}
        told = self.relocked(settings, self.NEW)
        assert told[:-1] == [f"{role}.json is locked under the new password" for role in sorted(before)]
        folder = settings.data_dir / "keys"
        assert sorted(path.name for path in folder.iterdir()) == ["issuer.json", "town.json"]
        assert {keystore.opens(file, settings.key_password.get_secret_value()) for file in folder.iterdir()} == {False}
        assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
        since = settings.model_copy(update={"key_password": SecretStr(self.NEW)})
        with another(since):
            assert {role: keys.signer(role).address for role in before} == before

    def test_the_end_of_its_line_is_no_part_of_it_however_lines_end_where_it_was_written(
        self, app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys.signer("issuer")
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{self.NEW}\r\n"))
        commands.relock(argparse.Namespace())
        assert keystore.opens(settings.data_dir / "keys" / "issuer.json", self.NEW)

    def test_stopped_in_the_middle_it_goes_on_and_a_file_of_another_password_is_left(
        self, app: Flask, settings: Settings
    ) -> None:
        for role in ("anchorer", "issuer"):
            keys.signer(role)
        folder = settings.data_dir / "keys"
        keystore.relock(folder / "anchorer.json", settings.key_password.get_secret_value(), self.NEW)
        with another(settings.model_copy(update={"key_password": SecretStr("of another town")})):
            keys.signer("town")
        content = (folder / "town.json").read_bytes()
        with pytest.raises(keystore.NotOpened, match=r"opens town\.json"):
            self.relocked(settings, self.NEW)
        assert [keystore.opens(folder / f"{role}.json", self.NEW) for role in ("anchorer", "issuer")] == [True, True]
        assert (folder / "town.json").read_bytes() == content

    @pytest.mark.parametrize("new", ["", "short", "password-password-password"])
    def test_one_that_can_be_guessed_changes_nothing(self, app: Flask, settings: Settings, new: str) -> None:
        keys.signer("issuer")
        with pytest.raises(CannotRelock, match="16 random characters"):
            self.relocked(settings, new)
        assert keystore.opens(settings.data_dir / "keys" / "issuer.json", settings.key_password.get_secret_value())

    def test_where_a_service_signs_or_no_key_lies_it_says_so(self, app: Flask, settings: Settings) -> None:
        with pytest.raises(CannotRelock, match="there is no key in"):
            self.relocked(settings, self.NEW)
        with pytest.raises(CannotRelock, match="signing service"):
            self.relocked(settings.model_copy(update={"signer_url": "http://127.0.0.1:9000"}), self.NEW)


def test_a_page_never_opens_a_key(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(AssertionError, match="never opens a key"):
        keys.signer("issuer")
