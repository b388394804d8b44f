from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given as drawn
from hypothesis import strategies as st

from marketplace.accounts import passkeys
from marketplace.accounts.models import Account, Passkey, PasskeyChallenge, SignIn
from marketplace.accounts.session import open_sign_in
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.authenticator import Authenticator
from tests.pages import read, submit
from tests.racing import at_once

SITE = "https://hiroba.example.jp"
HANAKO = "hanako@example.jp"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"base_url": SITE})


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(SITE)


def registered(device: Authenticator, account_id: int, name: str = "じぶんの電話") -> int:
    answer = device.create(json.loads(passkeys.registration_options(account_id)))
    return passkeys.register(account_id, answer, name, sign_in_of(account_id))


def sign_in_of(account_id: int) -> int:
    open_sign_in(account_id)
    return db.session.scalars(
        sa.select(SignIn.id).where(SignIn.account_id == account_id).order_by(SignIn.id.desc()).limit(1)
    ).one()


def asked() -> dict[str, Any]:
    options: dict[str, Any] = json.loads(passkeys.sign_in_options())
    return options


def events(account_id: int) -> list[str]:
    subject = f"account:{get(Account, account_id).code}"
    return list(db.session.scalars(sa.select(Entry.event).where(Entry.subject == subject).order_by(Entry.id)))


def test_a_registered_device_signs_its_owner_in(app: Flask, device: Authenticator) -> None:
    hanako = given.an_account(HANAKO)
    passkey_id = registered(device, hanako)
    for count in (1, 2):
        assert passkeys.prove(device.get(asked())) == hanako
        assert get(Passkey, passkey_id).sign_count == count
    assert events(hanako) == ["add_passkey"]
    letter = db.session.scalars(sa.select(Notice).where(Notice.to_email == HANAKO)).one()
    assert letter.subject == "パスキーを登録しました"


def test_what_the_device_is_asked_for(app: Flask) -> None:
    hanako = given.an_account(HANAKO)
    options = json.loads(passkeys.registration_options(hanako))
    assert options["rp"] == {"name": "月見沢町 まちの権利ひろば", "id": "hiroba.example.jp"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["attestation"] == "none"
    assert HANAKO not in options["user"]["id"]
    assert (asked()["rpId"], asked()["userVerification"]) == ("hiroba.example.jp", "required")


def test_a_device_is_not_registered_twice(app: Flask, device: Authenticator) -> None:
    hanako = given.an_account(HANAKO)
    registered(device, hanako)
    with pytest.raises(AssertionError, match="InvalidStateError"):
        registered(device, hanako)


@pytest.mark.parametrize("origin", ["https://hiroba.example.com", "http://hiroba.example.jp", f"{SITE}:8443"])
def test_what_was_signed_for_another_site_proves_nothing(app: Flask, origin: str) -> None:
    hanako, elsewhere = given.an_account(HANAKO), Authenticator(origin)
    with pytest.raises(passkeys.NotProved):
        registered(elsewhere, hanako)
    here = Authenticator(SITE)
    registered(here, hanako)
    here.origin = origin
    with pytest.raises(passkeys.NotProved):
        passkeys.prove(here.get(asked()))


def test_a_device_that_did_not_make_sure_of_its_person_proves_nothing(app: Flask, device: Authenticator) -> None:
    hanako = given.an_account(HANAKO)
    device.verifies = False
    with pytest.raises(passkeys.NotProved):
        registered(device, hanako)
    device.verifies, device.credentials = True, []
    registered(device, hanako)
    device.verifies = False
    with pytest.raises(passkeys.NotProved):
        passkeys.prove(device.get(asked()))


def test_an_answer_counts_once(app: Flask, device: Authenticator) -> None:
    hanako = given.an_account(HANAKO)
    registered(device, hanako)
    answer = device.get(asked())
    outcomes = at_once(app, 4, lambda _: passkeys.prove(answer))
    assert sorted(str(each) if isinstance(each, int) else type(each).__name__ for each in outcomes) == [
        str(hanako),
        *["NotProved"] * 3,
    ]


def test_a_challenge_is_good_for_five_minutes_and_for_its_own_use(app: Flask, device: Authenticator) -> None:
    hanako, taro = given.an_account(HANAKO), given.an_account("taro@example.jp")
    options = json.loads(passkeys.registration_options(hanako))
    answer, place = device.create(options), sign_in_of(taro)
    with pytest.raises(passkeys.NotProved):
        passkeys.register(taro, answer, "", place)
    own = sign_in_of(hanako)
    with pretending(now() + timedelta(minutes=6)), pytest.raises(passkeys.NotProved):
        passkeys.register(hanako, answer, "", own)
    passkeys.register(hanako, answer, "", own)
    late = device.get(asked())
    with pretending(now() + timedelta(minutes=6)), pytest.raises(passkeys.NotProved):
        passkeys.prove(late)
    crossed = device.get(
        {"rpId": "hiroba.example.jp", "challenge": json.loads(passkeys.registration_options(hanako))["challenge"]}
    )
    with pytest.raises(passkeys.NotProved):
        passkeys.prove(crossed)


def test_a_counter_that_stands_still_means_a_copy_and_is_written_down(app: Flask, device: Authenticator) -> None:
    hanako = given.an_account(HANAKO)
    passkey_id = registered(device, hanako)
    passkeys.prove(device.get(asked()))
    device.step = 0
    with pytest.raises(passkeys.CopiedKey):
        passkeys.prove(device.get(asked()))
    assert (events(hanako), get(Passkey, passkey_id).sign_count) == (["add_passkey", "suspect_passkey"], 1)


def test_a_device_that_does_not_count_is_no_copy(app: Flask, device: Authenticator) -> None:
    hanako, device.step = given.an_account(HANAKO), 0
    registered(device, hanako)
    assert [passkeys.prove(device.get(asked())) for _ in range(2)] == [hanako, hanako]


def test_a_forged_counter_accuses_nobody(app: Flask, device: Authenticator) -> None:
    hanako = given.an_account(HANAKO)
    registered(device, hanako)
    passkeys.prove(device.get(asked()))
    device.step = 0
    forged = json.loads(device.get(asked()))
    forged["response"]["signature"] = "MEUCIQ"
    with pytest.raises(passkeys.NotProved):
        passkeys.prove(json.dumps(forged))
    assert events(hanako) == ["add_passkey"]


@drawn(
    st.one_of(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=3).map(json.dumps))
)
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(passkeys.NotProved):
        passkeys._challenge_in(text)


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature", "id", "rawId", "type"])
@pytest.mark.parametrize("value", ["", "あ", "AAAA", None, 7, [], {}])
def test_a_broken_answer_is_refused_and_not_an_error(
    app: Flask, device: Authenticator, part: str, value: object
) -> None:
    registered(device, given.an_account(HANAKO))
    answer = json.loads(device.get(asked()))
    (answer["response"] if part in answer["response"] else answer)[part] = value
    with pytest.raises(passkeys.NotProved):
        passkeys.prove(json.dumps(answer))


def test_ten_passkeys_are_enough(app: Flask) -> None:
    hanako = given.an_account(HANAKO)
    for _ in range(passkeys.MOST):
        registered(Authenticator(SITE), hanako)
    with pytest.raises(passkeys.TooManyPasskeys):
        registered(Authenticator(SITE), hanako)


def test_a_passkey_is_renamed_and_removed_by_its_owner_alone(app: Flask, device: Authenticator) -> None:
    hanako, taro = given.an_account(HANAKO), given.an_account("taro@example.jp")
    passkey_id = registered(device, hanako, " ")
    assert get(Passkey, passkey_id).name == "パスキー"
    with pytest.raises(LookupError):
        passkeys.rename(taro, passkey_id, "わたしの")
    with pytest.raises(LookupError):
        passkeys.remove(taro, passkey_id)
    passkeys.rename(hanako, passkey_id, " いえのパソコン　")
    assert get(Passkey, passkey_id).name == "いえのパソコン"
    passkeys.remove(hanako, passkey_id)
    assert events(hanako) == ["add_passkey", "remove_passkey"]
    with pytest.raises(passkeys.NotProved):
        passkeys.prove(device.get(asked()))


def test_staff_keep_their_last_passkey(app: Flask, device: Authenticator) -> None:
    clerk = given.staff("drafter")
    first, second = registered(device, clerk), registered(Authenticator(SITE), clerk)
    passkeys.remove(clerk, first)
    with pytest.raises(passkeys.LastPasskey):
        passkeys.remove(clerk, second)


def test_removing_both_at_once_leaves_staff_one(app: Flask) -> None:
    clerk = given.staff("drafter")
    both = [registered(Authenticator(SITE), clerk) for _ in range(2)]
    outcomes = at_once(app, 2, lambda n: passkeys.remove(clerk, both[n]))
    assert sorted(type(each).__name__ for each in outcomes) == ["LastPasskey", "NoneType"]
    assert events(clerk).count("remove_passkey") == 1


def test_no_challenge_is_left_when_it_was_used(app: Flask, device: Authenticator) -> None:
    registered(device, given.an_account(HANAKO))
    passkeys.prove(device.get(asked()))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PasskeyChallenge)) == 0


def posted(client: FlaskClient, path: str, page: str, device: Authenticator, **more: str) -> Any:
    """As passkeys.js does it: ask, let the device answer, send the form."""
    form = read(client.get(page)).form(path)
    token = form.value("csrf_token")
    options: dict[str, Any] = json.loads(client.post(f"{path}/options", data={"csrf_token": token}).text)
    answer = device.create(options) if "rp" in options else device.get(options)
    return client.post(path, data={"csrf_token": token, "credential": answer, **more})


def test_a_passkey_is_registered_and_used_on_the_pages(app: Flask, client: FlaskClient, device: Authenticator) -> None:
    hanako = given.an_account(HANAKO)
    given.signed_in(client, hanako)
    answer = posted(client, "/account/passkeys", "/account/passkeys", device, name="じぶんの電話")
    assert (answer.status_code, answer.location) == (303, "/account/passkeys")
    assert "じぶんの電話" in client.get("/account/passkeys").text
    other = app.test_client()
    answer = posted(other, "/signin/passkey", "/signin?next=/fund", device, next="/fund")
    assert (answer.status_code, answer.location) == (303, "/fund")
    assert other.get("/account").status_code == 200


def test_a_screen_left_open_makes_no_key(app: Flask, client: FlaskClient, device: Authenticator) -> None:
    given.signed_in(client, given.an_account(HANAKO))
    with pretending(now() + timedelta(minutes=16)):
        assert client.get("/account/passkeys").location == "/signin?next=/account/passkeys"


def test_a_town_may_keep_passkeys_to_its_staff(app: Flask, settings: Settings) -> None:
    with another(settings.model_copy(update={"buyer_passkeys": False})) as app:
        buyer, clerk = app.test_client(), app.test_client()
        given.signed_in(buyer, given.an_account(HANAKO))
        given.signed_in(clerk, given.staff("drafter"))
        assert [each.get("/account/passkeys").status_code for each in (buyer, clerk)] == [404, 200]
        assert "/account/passkeys" not in buyer.get("/account").text


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "40文字までの名前をつけてください。"), ("あ" * 41, "40文字までで入力してください。")],
    ids=["none", "too long"],
)
def test_a_new_name_that_is_none_stays_in_its_box_with_the_reason_beside_it(
    client: FlaskClient, device: Authenticator, name: str, said: str
) -> None:
    hanako = given.an_account(HANAKO)
    key = registered(device, hanako)
    given.signed_in(client, hanako)
    action, box = f"/account/passkeys/{key}/rename", f"k{key}-name"
    answer = submit(client, "/account/passkeys", {box: name}, action=action)
    form = read(answer).form(action)
    assert (answer.status_code, form.value(box), form.errors) == (422, name, {box: said})
    assert submit(client, "/account/passkeys", {box: "いえのパソコン"}, action=action).status_code == 303
    assert get(Passkey, key).name == "いえのパソコン"
