"""The pages a payer sees: choosing how to pay, the 3-D Secure step, the number for the convenience store."""

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from marketplace.devstripe import checkout, intents, konbini
from marketplace.devstripe.answering import Answer, Request
from marketplace.devstripe.objects import Thing
from marketplace.devstripe.passing import let_time_pass
from marketplace.devstripe.refusals import Refusal
from marketplace.devstripe.world import World

_HERE = Path(__file__).parent
_JST = timezone(timedelta(hours=9))

CHOICES = (
    ("pm_card_visa", "支払いが成功するカード", "末尾 4242"),
    ("pm_card_authenticationRequired", "本人認証（3Dセキュア）を求められるカード", "末尾 3184"),
    ("pm_card_chargeDeclined", "カード会社に断られるカード", "末尾 0002"),
    ("pm_card_chargeDeclinedInsufficientFunds", "残高が足りないカード", "末尾 9995"),
    ("pm_card_createDispute", "支払いのあとで異議が申し立てられるカード", "末尾 0259"),
)
CHOICES_TO_SAVE = (
    ("pm_card_visa", "あとの支払いも成功するカード", "末尾 4242"),
    ("pm_card_mastercard", "あとの支払いも成功する、別のカード", "末尾 4444"),
    ("pm_card_authenticationRequiredOnSetup", "登録のときに本人認証を求められるカード", "末尾 3155"),
    ("pm_card_authenticationRequired", "あとの支払いのときにも本人認証を求められるカード", "末尾 3184"),
    ("pm_card_chargeCustomerFail", "登録はできて、あとの支払いが断られるカード", "末尾 0341"),
    ("pm_card_chargeDeclined", "登録を断られるカード", "末尾 0002"),
)
CHOICES_TO_HOLD = (
    *CHOICES[:4],
    ("pm_card_amex", "お預かりが7日で終わるカード（American Express）", "末尾 0005"),
)
_SORRY = {
    "insufficient_funds": "カードの残高またはご利用枠が足りず、お支払いできませんでした。別のカードをお選びください。",
    "authentication_required": "本人認証を確認できませんでした。もう一度お試しいただくか、別のカードをお選びください。",
}
_SORRY_ANYHOW = (
    "カード会社の承認が得られず、お支払いできませんでした。"
    "別のカードをお選びいただくか、カード会社にお問い合わせください。"
)


def page(world: World, request: Request) -> Answer:
    """`/c/pay/<session>`, `/c/3ds/<intent>`, `/c/konbini/<intent>`; GET shows, POST acts."""
    if request.path == "/c/pay.css":
        css = (_HERE / "static" / "pay.css").read_bytes()
        return Answer(200, css, {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=300"})
    _, _, what, *rest = request.path.split("/")
    form = {name: values[0] for name, values in parse_qs(request.body).items()} if request.method == "POST" else None
    try:
        with world.store.work():
            world.idempotency_key, world.request_id = None, None
            let_time_pass(world)
            show = {"pay": _pay, "3ds": _three_d_secure, "konbini": _konbini}[what]
            result = show(world, rest[0], form)
    except (Refusal, KeyError, IndexError):
        return _render(404, "message", title="ページが見つかりません", text="アドレスをお確かめください。", back=None)
    with world.bell:
        world.bell.notify_all()
    return result


def _pay(world: World, key: str, form: dict[str, str] | None) -> Answer:
    session = world.get(key, "checkout.session")
    if session["status"] != "open":
        return _closed(session, form)
    if form is None:
        return _form(session)
    try:
        if form.get("do") == "konbini":
            return _to(checkout.pay_by_konbini(world, session)["next_action"]["konbini_display_details"])
        checkout.pay_by_card(world, session, form.get("card", ""))
    except Refusal as refusal:
        return _form(session, sorry=_sorry(refusal), chosen=form.get("card"))
    return _onward(world, session)


def _three_d_secure(world: World, key: str, form: dict[str, str] | None) -> Answer:
    attempt = world.get(key)
    session = _session_of(world, attempt)
    if attempt["status"] != "requires_action":
        return _closed(session, form) if session else _render(410, "message", **_CLOSED, back=None)
    if form is None:
        return _render(200, "three_d_secure", yen=attempt.get("amount"), session=session)
    try:
        if session:
            checkout.authenticate(world, session, passed=form.get("do") == "pass")
        elif form.get("do") == "pass":
            intents.confirm(world, attempt, authenticated=True)
        else:
            raise intents.failed(world, attempt, "payment_intent_authentication_failure", "authentication_required")
    except Refusal as refusal:
        if session:
            return _form(session, sorry=_sorry(refusal))
    if session:
        return _onward(world, session)
    back = attempt.get("_return_url")
    return _redirect(back) if back else _render(200, "message", **_CLOSED, back=None)


def _konbini(world: World, key: str, form: dict[str, str] | None) -> Answer:
    intent = world.get(key, "payment_intent")
    session = _session_of(world, intent)
    if form is not None and intent["status"] == "requires_action":
        konbini.pay_at_the_store(world, intent)
    waits = intent["status"] == "requires_action"
    details = intent["next_action"]["konbini_display_details"] if waits else None
    return _render(
        200,
        "konbini",
        session,
        yen=intent["amount"],
        paid=intent["status"] == "succeeded",
        number=details["stores"]["familymart"]["confirmation_number"] if details else None,
        until=_moment(details["expires_at"]) if details else None,
        back=_success_url(session) if session else None,
    )


_CLOSED: dict[str, Any] = {
    "title": "お手続きは終わっています",
    "text": "このページでのお支払いの手続きは、すでに終わっています。",
}


def _closed(session: Thing, form: dict[str, str] | None) -> Answer:
    if session["status"] == "complete":
        if form is not None:  # the button was pressed twice: the second press goes where the first went
            return _redirect(_success_url(session))
        return _render(200, "message", session, **_CLOSED, back=_success_url(session))
    text = "お支払いの期限が過ぎたため、このページは使えません。お店のページからもう一度お手続きください。"
    return _render(410, "message", session, title="期限が過ぎました", text=text, back=session["cancel_url"])


def _form(session: Thing, sorry: str | None = None, chosen: str | None = None) -> Answer:
    held = session["_intent_data"].get("capture_method") == "manual"
    choices = CHOICES_TO_SAVE if session["mode"] == "setup" else CHOICES_TO_HOLD if held else CHOICES
    return _render(
        402 if sorry else 200,
        "pay",
        session,
        session=session,
        lines=session["_lines"],
        held=held,
        choices=choices,
        chosen=chosen or choices[0][0],
        sorry=sorry,
        until=_moment(session["expires_at"]),
    )


def _onward(world: World, session: Thing) -> Answer:
    if session["status"] == "complete":
        return _redirect(_success_url(session))
    attempt = world.get(session["payment_intent"] or session["setup_intent"])
    return _redirect(attempt["next_action"]["redirect_to_url"]["url"])


def _to(details: Thing) -> Answer:
    return _redirect(details["hosted_voucher_url"])


def _redirect(url: str) -> Answer:
    return Answer(303, b"", {"Location": url})


def _success_url(session: Thing) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _session_of(world: World, attempt: Thing) -> Thing | None:
    where = f"json_extract(body, '$.{attempt['object']}') = ?"
    found = world.store.every("checkout.session", where, attempt["id"], limit=1)
    return found[0] if found else None


def _sorry(refusal: Refusal) -> str:
    return _SORRY.get(refusal.error.get("decline_code", ""), _SORRY_ANYHOW)


def _moment(seconds: int) -> str:
    at = datetime.fromtimestamp(seconds, UTC).astimezone(_JST)
    return f"{at.year}年{at.month}月{at.day}日 {at.hour}時{at.minute:02}分"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["yen"] = lambda yen: f"{yen:,}円"
    return environment


def _render(status: int, template: str, shop: Thing | None = None, **context: Any) -> Answer:
    """`shop`: the session whose success and cancel pages a form of this page may lead to."""
    html = _templates().get_template(f"devstripe/{template}.html").render(context)
    shops = {_origin(shop[key]) for key in ("success_url", "cancel_url") if shop[key]} if shop else set()
    policy = (
        f"default-src 'none'; style-src 'self'; form-action {' '.join(['self', *sorted(shops)])}; "
        "base-uri 'none'; frame-ancestors 'none'"
    ).replace("form-action self", "form-action 'self'")
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
    }
    return Answer(status, html.encode(), headers)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
