"""Keys that never come to this machine sign for the town, and their keeper is not believed blindly."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from marketplace.chain import deploying, keys, register, rekeying, sending
from marketplace.chain.models import CallState, LaneState
from marketplace.chain.remote_signer import RemoteSigner, SignerRefuses
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import Settings
from tests.apps import another
from tests.chain import given
from tests.databases import chosen
from tests.local_chain import CHAIN_ID, free_port

pytestmark = pytest.mark.skipif(chosen() != "sqlite", reason="who signs is no matter of the database")

ROLES = ("town", "fund", *sorted({who for _, _, who in deploying.ROLES} - {"town"}))
FIELDS = {
    "type": 2,
    "chainId": CHAIN_ID,
    "nonce": 3,
    "gas": 21_000,
    "maxFeePerGas": 10**11,
    "maxPriorityFeePerGas": 1,
    "value": 0,
    "data": b"\x12\x34",
    "to": "0x" + "11" * 20,
}


@contextmanager
def service(manner: str, keys: int = 1) -> Iterator[tuple[str, list[str]]]:
    """A service's address, and those of its keys."""
    secrets = [f"0x{number:064x}" for number in range(1_001, 1_001 + keys)]
    command = [sys.executable, "-m", "tests.chain.signing_service", manner, *secrets]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port, *addresses = process.stdout.readline().split()
        try:
            yield f"http://127.0.0.1:{port}", addresses
        finally:
            process.kill()


@pytest.fixture
def remote(settings: Settings) -> Iterator[Settings]:
    """A town whose keys are all elsewhere."""
    with service("web3signer", len(ROLES)) as (url, addresses):
        named = ",".join(f"{role}={address}" for role, address in zip(ROLES, addresses, strict=True))
        yield settings.model_copy(update={"signer_url": url, "signer_addresses": named})


def test_a_whole_town_is_built_and_issues_without_a_key_of_its_own(app: Flask, remote: Settings) -> None:
    app.extensions["hiroba.settings"] = remote
    deploying.ensure_contracts()
    given.a_series()
    given.an_issue(1)
    sending.work()
    assert given.calls() == {"series:1": CallState.MINED, "issue:1:1": CallState.MINED}
    assert given.owner(1_000_001) == register.custody_address(given.custody_id(1)).lower()
    assert not (Path(remote.data_dir) / "keys").exists()


@pytest.mark.parametrize("manner", ["web3signer", "clef"])
def test_both_manners_of_answering_are_understood_and_give_what_a_file_would(manner: str) -> None:
    from eth_account import Account  # noqa: PLC0415 -- slow, and only this test needs it

    with service(manner) as (url, [address]):
        signed = Account.from_key(f"0x{1_001:064x}").sign_transaction(FIELDS)
        expected = bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex()
        assert RemoteSigner(url, address).sign(FIELDS) == expected


def test_a_deployment_has_no_receiver(settings: Settings) -> None:
    with service("web3signer") as (url, [address]):
        fields = {name: value for name, value in FIELDS.items() if name != "to"}
        raw, _ = RemoteSigner(url, address).sign(fields)
        assert len(raw) > 0


def test_what_was_not_asked_for_is_not_taken(settings: Settings) -> None:
    with service("liar") as (url, [address]), pytest.raises(SignerRefuses, match="it signed another to"):
        RemoteSigner(url, address).sign(FIELDS)


def test_a_key_that_the_service_does_not_have_is_refused_in_its_words() -> None:
    with service("web3signer") as (url, _), pytest.raises(SignerRefuses, match="not permitted"):
        RemoteSigner(url, "0x" + "22" * 20).sign(FIELDS)


def test_a_service_that_is_away_is_unavailable_and_promises_wait(deployed: Flask, settings: Settings) -> None:
    address = keys.signer("issuer").address
    away = {"signer_url": f"http://127.0.0.1:{free_port()}", "signer_addresses": f"issuer={address}"}
    deployed.extensions["hiroba.settings"] = settings.model_copy(update=away)
    given.a_series()
    with pytest.raises(Unavailable):
        sending.work()
    assert given.calls() == {"series:1": CallState.QUEUED}
    deployed.extensions["hiroba.settings"] = settings
    sending.work()
    assert given.calls() == {"series:1": CallState.MINED}


def test_a_role_without_an_address_has_no_key(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"signer_url": "http://127.0.0.1:1", "signer_addresses": ""})
    with another(elsewhere), pytest.raises(keys.NoKey, match="custodian"):
        keys.signer("custodian")


def test_on_a_public_chain_a_service_needs_no_password(settings: Settings) -> None:
    knobs = {"signer_url": "http://127.0.0.1:1", "signer_addresses": "issuer=0x" + "11" * 20, "chain_id": 137}
    elsewhere = settings.model_copy(update={**knobs, "key_password": type(settings.key_password)("")})
    with another(elsewhere):
        assert keys.signer("issuer").address == "0x" + "11" * 20


def with_issuer(remote: Settings, address: str) -> Settings:
    """The same service, with another address for the issuer."""
    named = [each for each in remote.signer_addresses.split(",") if not each.startswith("issuer=")]
    return remote.model_copy(update={"signer_addresses": ",".join([*named, f"issuer={address}"])})


class TestAnotherKey:
    @pytest.fixture
    def remote(self, app: Flask, settings: Settings) -> Iterator[Settings]:
        """A town whose keys are all elsewhere, in a service that has two more."""
        with service("web3signer", len(ROLES) + 2) as (url, addresses):
            named = ",".join(f"{role}={address}" for role, address in zip(ROLES, addresses, strict=False))
            known = settings.model_copy(update={"signer_url": url, "signer_addresses": named})
            app.extensions["hiroba.settings"] = known
            deploying.ensure_contracts()
            self.spare, self.third = addresses[-2:]
            yield known

    def test_is_the_one_that_the_settings_name_and_whoever_does_not_know_it_yet_signs_with_it_too(
        self, app: Flask, remote: Settings
    ) -> None:
        app.extensions["hiroba.settings"] = with_issuer(remote, self.spare)
        given.rekey("issuer")
        app.extensions["hiroba.settings"] = remote  # a worker that runs on as it was started
        given.a_series()
        given.all_settled()
        assert (register.signer_of("issuer"), given.calls()) == (self.spare, {"series:1": CallState.MINED})
        assert {address for _, _, address in given.who_may("issuer")} == {self.spare}

    def test_must_be_another_one(self, app: Flask, remote: Settings) -> None:
        with pytest.raises(Rejected, match=r"SIGNER_ADDRESSES still names .* for issuer"):
            given.rekey("issuer")

    def test_must_be_no_other_roles(self, app: Flask, remote: Settings) -> None:
        app.extensions["hiroba.settings"] = with_issuer(remote, register.signer_of("custodian") or "")
        with pytest.raises(Rejected, match="is or was a key of this town"):
            given.rekey("issuer")

    def test_that_the_service_does_not_have_changes_nothing(self, app: Flask, remote: Settings) -> None:
        before = given.lanes_of("issuer")
        app.extensions["hiroba.settings"] = with_issuer(remote, "0x" + "22" * 20)
        with pytest.raises(SignerRefuses, match="not permitted"):
            given.rekey("issuer")
        assert given.lanes_of("issuer") == before

    def test_that_the_service_lost_before_it_signed_is_given_up_and_not_taken_again(
        self, app: Flask, remote: Settings
    ) -> None:
        [(_, old)] = given.lanes_of("issuer")
        app.extensions["hiroba.settings"] = with_issuer(remote, self.spare)
        rekeying._announced("issuer", rekeying._lanes("issuer")[LaneState.SERVING])
        with service("web3signer", len(ROLES)) as (url, _):  # as it was restored
            here = with_issuer(remote, self.spare).model_copy(update={"signer_url": url})
            app.extensions["hiroba.settings"] = here
            with pytest.raises(Rejected, match=r"not permitted.* give this new key up: .* rekey issuer --abandon"):
                given.rekey("issuer")
            rekeying.abandon("issuer", lambda _line: None)
            assert given.lanes_of("issuer") == [(LaneState.SERVING, old), (LaneState.RETIRED, self.spare)]
            with pytest.raises(Rejected, match=f"{self.spare} is or was a key of this town"):
                given.rekey("issuer")
        app.extensions["hiroba.settings"] = with_issuer(remote, self.third)
        given.rekey("issuer")
        assert {who for _, _, who in given.who_may("issuer")} == {register.signer_of("issuer")} == {self.third}
