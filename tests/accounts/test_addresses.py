from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from marketplace.accounts.addresses import KNOWN, MistypedAddress, check_spelling, disposable, meant
from tests.pages import read

MISTYPED = {
    "gmial.com": "gmail.com",
    "gmal.com": "gmail.com",
    "gmaill.com": "gmail.com",
    "gnail.com": "gmail.com",
    "gmail.con": "gmail.com",
    "docomo.ne.jo": "docomo.ne.jp",
    "docono.ne.jp": "docomo.ne.jp",
    "yaho.co.jp": "yahoo.co.jp",
    "ezwed.ne.jp": "ezweb.ne.jp",
    "iclud.com": "icloud.com",
    "sofbank.ne.jp": "softbank.ne.jp",
}


@pytest.mark.parametrize(("typed", "right"), MISTYPED.items())
def test_a_slip_is_seen(typed: str, right: str) -> None:
    assert meant(f"taro@{typed}") == f"taro@{right}"


@pytest.mark.parametrize("domain", [*KNOWN, "example.jp", "town.example.jp", "mail.com", "aol.com", "me.com", "we.com"])
def test_what_is_right_or_strange_is_left_alone(domain: str) -> None:
    assert meant(f"taro@{domain}") is None


@given(st.sampled_from([known for known in KNOWN if len(known) > 6]), st.data())
def test_a_letter_left_out_of_a_known_name_is_seen(known: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, known.index(".") - 1))
    typed = known[:at] + known[at + 1 :]
    found = meant(f"taro@{typed}")
    assert (found is None) == (typed in KNOWN)


@pytest.mark.parametrize("address", ["a@mailinator.com", "a@b.mailinator.com", "a@yopmail.com", "a@sute.jp"])
def test_services_for_throw_away_mail_are_known(address: str) -> None:
    assert disposable(address)


@pytest.mark.parametrize("address", ["a@gmail.com", "a@notmailinator.com", "a@example.jp", "a@com"])
def test_other_services_are_not(address: str) -> None:
    assert not disposable(address)


def test_one_who_is_sure_may_go_on() -> None:
    with pytest.raises(MistypedAddress, match=r"^gmail\.com ではありませんか"):
        check_spelling("taro@gmial.com")
    check_spelling("taro@gmial.com", sure="taro@gmial.com")
    with pytest.raises(MistypedAddress):
        check_spelling("hanako@gmial.com", sure="taro@gmial.com")


def test_signing_in_asks_once_about_an_address_that_looks_mistyped(client: FlaskClient) -> None:
    page = client.get("/signin")
    first = client.post("/signin", data=read(page).form("/signin").values | {"email": "taro@gmial.com"})
    form = read(first).form("/signin")
    assert first.status_code == 422
    assert form.value("email") == "taro@gmial.com"
    assert form.errors == {
        "email": "gmail.com ではありませんか。このままでよいときは、もう一度ボタンを押してください。"
    }
    assert client.post("/signin", data=form.values).location == "/signin/code"
