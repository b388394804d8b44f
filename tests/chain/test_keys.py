"""Keys lie encrypted, for us alone, and are not weak where that costs money."""

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from eth_account import Account
from flask import Flask

from marketplace.chain import keys, keystore
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


def test_a_page_never_opens_a_key(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(AssertionError, match="never opens a key"):
        keys.signer("issuer")
