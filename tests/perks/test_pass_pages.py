"""The holder's pages: the pass, its certificate, the card, what is left before buying."""

import json
import re

import pytest
from flask.testing import FlaskClient
from nacl.signing import SigningKey

from marketplace.kit.clock import now
from marketplace.kit.refusals import NotAllowed
from marketplace.perks import certifying, passes
from marketplace.perks.knowing import by_number, by_pass
from marketplace.perks.models import Channel
from tests import given
from tests.chainlogs import Chain
from tests.pages import read, submit
from tests.perks.stage import Desk, Telephone, a_token, bath, lectures, scan, town_public_key
from tests.perks.test_using import given_away
from tests.resale.stage import token


@pytest.fixture
def mine(client: FlaskClient, hana: int) -> FlaskClient:
    return given.signed_in(client, hana)


def test_the_page_shows_a_pass_without_javascript(mine: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    page = mine.get(f"/passes/{token_id}")
    text, digits = certifying.on_screen(token(token_id))
    assert all(words in page.text for words in ("特典パス", f"番号 {token(token_id).right_id}-1", "本日 あと1回"))
    assert f"{digits[:3]} {digits[3:]}" in page.text
    (drawn,) = re.findall(r"<img [^>]*data-drawn>", page.text)
    assert (" hidden" in drawn, certifying.ended_ones()) == (False, [])
    assert by_pass(text).token_id == token_id
    known = by_number(f"{token(token_id).right_id}-1", digits, desk.tablet().id)
    assert (known.token_id, known.channel) == (token_id, Channel.CODE)


def test_a_pass_is_shown_to_its_holder_alone(
    client: FlaskClient, chain: Chain, desk: Desk, hana: int, taro: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    assert client.get(f"/passes/{token_id}").status_code == 303
    given.signed_in(client, taro)
    assert client.get(f"/passes/{token_id}").status_code == 404
    assert client.get("/passes/999999999999999999999").status_code == 404
    with pytest.raises(NotAllowed):
        certifying.certify(token_id, taro, "00" * 32)


def test_a_browser_gets_its_certificate(mine: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id, device = a_token(chain, hana, bath(desk)), SigningKey.generate()
    csrf = mine.get("/passes/csrf.json").get_json()["csrf"]
    body = {"device_key": bytes(device.verify_key).hex()}
    path = f"/passes/{token_id}/certificate"
    assert mine.post(path, json=body).status_code == 400
    given_ = mine.post(path, json=body, headers={"X-CSRFToken": csrf}).get_json()
    assert sorted(given_) == ["certificate", "digits_key", "expires", "now"]
    code = passes.show(device, bytes.fromhex(given_["certificate"]), passes.window_of(now().timestamp()))
    assert by_pass(code).token_id == token_id
    wrongs: list[object] = [{}, [], {"device_key": 5}, {"device_key": "zz"}, {"device_key": "00"}]
    for wrong in wrongs:
        assert mine.post(path, json=wrong, headers={"X-CSRFToken": csrf}).status_code == 422


def test_the_fourth_device_ends_the_first(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phones = [Telephone(token_id, hana) for _ in range(4)]
    with pytest.raises(passes.CertificateOver):
        by_pass(phones[0].shows())
    assert [by_pass(phone.shows()).token_id for phone in phones[1:]] == [token_id] * 3
    assert certifying.ended_ones() == [passes.read_certificate(phones[0].issued.certificate).cid]


def test_passes_end_when_the_token_changes_hands(chain: Chain, desk: Desk, hana: int, taro: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone = Telephone(token_id, hana)
    given_away(chain, token_id, hana, taro)
    assert certifying.ended_ones() == [passes.read_certificate(phone.issued.certificate).cid]


def test_the_towns_key_is_published(client: FlaskClient) -> None:
    told = json.loads(client.get("/passes/keys.json").text)
    public = town_public_key()
    assert told == {"version": "pass-v1", "keys": {passes.key_id(public).hex(): public.hex()}}


def test_the_page_can_be_put_on_the_telephones_screen(client: FlaskClient) -> None:
    manifest = client.get("/passes/app.webmanifest")
    assert (manifest.content_type, manifest.get_json(force=True)["start_url"]) == (
        "application/manifest+json",
        "/passes/",
    )
    for folder in ("passes", "counter"):
        worker = client.get(f"/{folder}/worker.js")
        assert (worker.status_code, worker.mimetype) == (200, "text/javascript")


def test_the_card_is_printed_for_the_holder(mine: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    paper = submit(mine, f"/passes/{token_id}", action=f"/passes/{token_id}/card.pdf")
    assert (paper.status_code, paper.data[:4], paper.headers["Cache-Control"]) == (
        200,
        b"%PDF",
        "private, no-store",
    )


def test_a_buyer_sees_the_plan_and_what_is_left(client: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, lectures(desk, 12), kind="lecture", uses_per_token=12)
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    for n in (0, 1):
        scan(tablet, phone.shows(now().replace(second=5 + 30 * n)), "p2")
    assert "のこり 10回（全12回）" in client.get(token(token_id).path or "").text
    listing = client.get(f"/listings/{token(token_id).listing_code}").text
    assert all(words in listing for words in ("特典のきまり", "全部で12回", "残りが次の持ち主に移る"))


def test_a_stranger_does_not_read_where_the_holder_was_today(
    client: FlaskClient, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    scan(desk.tablet(), Telephone(token_id, hana).shows())
    path = token(token_id).path or ""
    assert "利用ずみ" not in client.get(path).text
    given.signed_in(client, hana)
    assert "本日は利用ずみ" in client.get(path).text


def test_my_page_leads_to_the_passes(mine: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    page = read(mine.get("/mypage"))
    assert f"/passes/{token_id}" in page.links
    assert f"/passes/{token_id}" in read(mine.get("/passes/")).links
