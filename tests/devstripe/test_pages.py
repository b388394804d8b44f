"""The pages a payer sees."""

import re
from urllib.parse import urlsplit

import pytest
import stripe as official
from playwright.sync_api import Browser

from tests.devstripe.shop import session, url_of
from tests.local_stripe import LocalStripe, Seen

NOTICE = "これは模擬の決済ページです。実際の請求は発生しません。"


def now(stripe: LocalStripe, made: official.checkout.Session) -> tuple[str | None, str]:
    seen = stripe.client().checkout.sessions.retrieve(made.id)
    return seen.status, seen.payment_status


def test_a_good_card_leads_back_to_the_shop(stripe: LocalStripe) -> None:
    made = session(stripe.client(), 1300)
    page = stripe.visit(url_of(made))
    assert page.status == 200
    assert NOTICE in page.text
    assert "1,300円を支払う" in page.text
    done = stripe.pay(url_of(made))
    assert (done.status, done.location) == (303, f"http://127.0.0.1:9/done?session={made.id}")
    assert now(stripe, made) == ("complete", "paid")


@pytest.mark.parametrize(
    ("card", "sorry"),
    [
        ("pm_card_chargeDeclined", "カード会社の承認が得られず"),
        ("pm_card_chargeDeclinedInsufficientFunds", "残高またはご利用枠が足りず"),
    ],
)
def test_a_bad_card_gets_a_polite_word_on_the_same_page(stripe: LocalStripe, card: str, sorry: str) -> None:
    made = session(stripe.client())
    page = stripe.pay(url_of(made), card)
    assert page.status == 402
    assert sorry in page.text
    assert now(stripe, made) == ("open", "unpaid")
    assert stripe.pay(url_of(made)).status == 303
    assert now(stripe, made) == ("complete", "paid")


def step(stripe: LocalStripe, made: official.checkout.Session) -> str:
    """The address of the 3-D Secure step."""
    sent = stripe.pay(url_of(made), "pm_card_authenticationRequired")
    assert sent.status == 303
    assert "本人認証" in stripe.visit(sent.location).text
    assert now(stripe, made) == ("open", "unpaid")
    return sent.location


def test_three_d_secure_is_a_page_of_its_own(stripe: LocalStripe) -> None:
    made = session(stripe.client())
    done = stripe.visit(step(stripe, made), do="pass")
    assert (done.status, done.location) == (303, f"http://127.0.0.1:9/done?session={made.id}")
    assert now(stripe, made) == ("complete", "paid")


def test_three_d_secure_may_fail_and_be_tried_again(stripe: LocalStripe) -> None:
    made = session(stripe.client())
    failed = stripe.visit(step(stripe, made), do="fail")
    assert failed.status == 402
    assert "本人認証を確認できませんでした" in failed.text
    assert stripe.visit(step(stripe, made), do="pass").status == 303


def test_the_store_gives_a_number_and_takes_the_money_later(stripe: LocalStripe) -> None:
    made = session(stripe.client(), allowed_payment_method_types=["card", "konbini"])
    slip = stripe.visit(url_of(made), do="konbini").location
    assert re.search(r"<dd class=\"number\">\d{11}</dd>", stripe.visit(slip).text)
    assert now(stripe, made) == ("complete", "unpaid")
    assert "お店でのお支払いを受け付けました" in stripe.visit(slip, do="paid").text
    assert now(stripe, made) == ("complete", "paid")


@pytest.mark.parametrize(("yen", "offered"), [(119, False), (120, True), (300_000, True), (300_001, False)])
def test_the_store_takes_from_120_to_300000_yen(stripe: LocalStripe, yen: int, offered: bool) -> None:
    page = stripe.visit(url_of(session(stripe.client(), yen)))
    assert ("コンビニで支払う" in page.text) == offered


def test_a_shop_without_stores_offers_none(stripe: LocalStripe) -> None:
    made = session(stripe.client(), allowed_payment_method_types=["card"])
    assert "コンビニ" not in stripe.visit(url_of(made)).text
    stripe.visit(url_of(made), do="konbini")
    assert now(stripe, made) == ("open", "unpaid")


def test_pressing_twice_pays_once(stripe: LocalStripe) -> None:
    made = session(stripe.client())
    first, second = stripe.pay(url_of(made)), stripe.pay(url_of(made))
    assert (first.status, second.status, first.location) == (303, 303, second.location)
    assert len(stripe.client().charges.list().data) == 1


def test_a_closed_page_says_so(stripe: LocalStripe) -> None:
    made = session(stripe.client())
    stripe.client().checkout.sessions.expire(made.id)
    page = stripe.visit(url_of(made))
    assert (page.status, "期限が過ぎました" in page.text) == (410, True)
    assert "http://127.0.0.1:9/back" in page.text


def test_an_unknown_page_is_not_found(stripe: LocalStripe) -> None:
    page = stripe.visit(f"{stripe.base_url}/c/pay/cs_test_nothing")
    assert (page.status, NOTICE in page.text) == (404, True)


def test_a_card_can_be_saved_without_paying(stripe: LocalStripe) -> None:
    v1 = stripe.client()
    owner = v1.customers.create({}).id
    made = session(v1, mode="setup", currency="jpy", customer=owner)
    assert "代金はいただきません" in stripe.visit(url_of(made)).text
    assert stripe.pay(url_of(made)).status == 303
    saved = v1.checkout.sessions.retrieve(made.id, {"expand": ["setup_intent"]})
    assert isinstance(saved.setup_intent, official.SetupIntent)
    assert saved.setup_intent.status == "succeeded"


def test_what_others_wrote_is_shown_as_text(stripe: LocalStripe) -> None:
    line = {"price_data": {"currency": "jpy", "unit_amount": 1000, "product_data": {"name": "<script>x</script>"}}}
    page = stripe.visit(url_of(session(stripe.client(), line_items=[line])))
    assert "<script>" not in page.text
    assert "&lt;script&gt;x&lt;/script&gt;" in page.text


def _policy(page: Seen) -> dict[str, str]:
    parts = (part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    return dict(parts)


def test_the_policy_lets_nothing_in_and_forms_out_to_the_shop_only(stripe: LocalStripe) -> None:
    page = stripe.visit(url_of(session(stripe.client())))
    assert _policy(page) == {
        "default-src": "'none'",
        "style-src": "'self'",
        "form-action": "'self' http://127.0.0.1:9",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", page.text)


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_works_in_a_browser(stripe: LocalStripe, browser: Browser, width: int) -> None:
    back = f"{stripe.base_url}/healthz"
    made = session(stripe.client(), 1300, success_url=back, cancel_url=back)
    with browser.new_context(viewport={"width": width, "height": 800}, locale="ja-JP") as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(url_of(made))
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("[...document.querySelectorAll('button')].every(b => b.offsetHeight >= 44)")
        page.get_by_text("本人認証（3Dセキュア）を求められるカード").click()
        page.get_by_role("button", name="1,300円を支払う").click()
        page.get_by_role("button", name="本人であると認証する").click()
        page.wait_for_url(back)
        assert (urlsplit(page.url).path, complaints) == ("/healthz", [])
    assert now(stripe, made) == ("complete", "paid")
