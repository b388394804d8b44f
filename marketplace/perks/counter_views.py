"""窓口: the pages and answers of a partner's tablet. Nothing here names a guest."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from marketplace.kit.clock import jst, now
from marketplace.kit.limits import limiter
from marketplace.kit.refusals import Invalid, Refused
from marketplace.kit.web import set_cookie
from marketplace.perks import knowing, offering, saying, signing_in, slips, syncing, tallying, using
from marketplace.perks.counter_forms import ClickForm, SignInForm, SlipForm, TypedForm
from marketplace.perks.knowing import Known
from marketplace.perks.models import Counter
from marketplace.perks.partnering import open_partners
from marketplace.perks.pass_views import offline_worker
from marketplace.perks.using import Asked, Outcome

P = ParamSpec("P")
bp = Blueprint("counter", __name__, url_prefix="/counter")
COOKIE = "counter"


def at_the_counter(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """For a tablet that is signed in; pages lead to the PIN, answers say 401."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if _counter() is None:
            if request.is_json or request.path.endswith("/state"):
                return jsonify(ok=False, code="signed_out", headline="暗証番号を入力してください"), 401
            return redirect(url_for("counter.door"), 303)
        return view(*args, **kwargs)

    return guarded


@bp.get("/")
def door() -> ResponseReturnValue:
    if _counter() is not None:
        return redirect(url_for("counter.desk"), 303)
    return _door(SignInForm(formdata=None))


@bp.post("/")
@limiter.limit("30/minute")
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    form.partner.choices = _partners()
    if not form.validate():
        return _door(form), 422
    try:
        secret = signing_in.sign_in(form.partner.data, form.pin.data or "", request.cookies.get(COOKIE))
    except Refused as refusal:
        form.refuse(refusal)
        return _door(form), refusal.status
    response = make_response(redirect(url_for("counter.desk"), 303))
    kept = int(signing_in.REMEMBERED.total_seconds())
    set_cookie(response, COOKIE, secret, max_age=kept, path="/counter", samesite="Strict")
    return response


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    if ClickForm().validate() and (secret := request.cookies.get(COOKIE)):
        signing_in.sign_out(secret)
    return redirect(url_for("counter.door"), 303)


@bp.get("/desk")
@at_the_counter
def desk() -> ResponseReturnValue:
    return _desk(TypedForm(formdata=None))


@bp.get("/state")
@at_the_counter
def state() -> ResponseReturnValue:
    """What a tablet takes with it for when the network is away; asked anew each minute while it is there."""
    response = jsonify(offering.snapshot(_here().partner) | {"csrf": generate_csrf()})
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/use")
@limiter.limit("120/minute")
@at_the_counter
def use() -> ResponseReturnValue:
    """{"ref", "pass"} or {"ref", "number", "code"}, and "plan" where the tablet was asked to choose one."""
    asked = request.get_json(silent=True)
    try:
        if not isinstance(asked, dict):
            raise Invalid
        text = {key: str(asked.get(key) or "")[:400] for key in ("pass", "number", "code", "plan")}
        answer = _answer(_known(text), syncing.ref_of(asked, "ref"), text["plan"])
    except Refused as refusal:
        answer = saying.refused(refusal)
    except LookupError:
        answer = saying.refused(Invalid("この権利は見つかりません。"))
    return jsonify(answer)


@bp.post("/undo")
@at_the_counter
def undo() -> ResponseReturnValue:
    asked = request.get_json(silent=True)
    try:
        if not isinstance(asked, dict):
            raise Invalid
        done = using.undo(syncing.ref_of(asked, "use"), syncing.ref_of(asked, "ref"), now(), _here().partner_id)
    except Refused as refusal:
        return jsonify(saying.refused(refusal))
    except LookupError:
        return jsonify(saying.refused(Invalid("この利用は見つかりません。")))
    return jsonify(ok=True, headline="取り消しました", used=saying.said(done)["used"])


@bp.post("/sync")
@at_the_counter
def sync() -> ResponseReturnValue:
    """{"entries": […]} as syncing.sync() takes them → {"answers": […]}."""
    asked = request.get_json(silent=True)
    entries = asked.get("entries") if isinstance(asked, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return jsonify(ok=False, code="unreadable"), 422
    return jsonify(answers=[vars(answer) for answer in syncing.sync(_here(), entries)])


@bp.post("/desk")
@limiter.limit("60/minute")
@at_the_counter
def typed() -> ResponseReturnValue:
    """The same by a form, without JavaScript. `ref` came with the form: sent twice, it is one use."""
    form = TypedForm()
    if not form.validate():
        return _desk(form), 422
    number = (form.number.data or "").strip()
    text = {"number": number, "code": form.code.data or "", "pass": number if number.startswith("HP1:") else ""}
    try:
        answer = _answer(_known(text), form.ref.data or "", form.plan.data or "")
    except Invalid as refusal:
        form.refuse(refusal)
        return _desk(form), refusal.status
    except Refused as refusal:
        return _desk(TypedForm(formdata=None), saying.refused(refusal))
    except LookupError:
        return _desk(TypedForm(formdata=None), saying.refused(Invalid("この権利は見つかりません。")))
    return _desk(form if "choose" in answer else TypedForm(formdata=None), answer)


@bp.post("/desk/undo")
@at_the_counter
def typed_undo() -> ResponseReturnValue:
    answer: dict[str, Any] = {"ok": True, "headline": "取り消しました", "name": ""}
    if ClickForm().validate():
        try:
            using.undo(request.form.get("use", ""), secrets.token_hex(16), now(), _here().partner_id)
        except Refused as refusal:
            answer = saying.refused(refusal)
        except LookupError:
            answer = saying.refused(Invalid("この利用は見つかりません。"))
    return _desk(TypedForm(formdata=None), answer)


@bp.route("/slip", methods=["GET", "POST"])
@limiter.limit("60/minute", methods=["POST"])
@at_the_counter
def slip() -> ResponseReturnValue:
    """もぎり券 are entered afterwards."""
    counter, form = _here(), SlipForm(on=jst(now()).date())
    form.plan.choices = offering.plan_choices(counter.partner)
    answer, status = None, 200
    if form.is_submitted():
        status = 422
        if form.validate():
            values = (form.code.data or "", form.number.data or "", form.on.data, form.plan_id)
            try:
                answer, status = _slip_said(slips.enter(*values, counter.partner_id, counter.id)), 200
                form = SlipForm(formdata=None, on=form.on.data, plan=form.plan.data)
                form.plan.choices = offering.plan_choices(counter.partner)
            except Refused as refusal:
                form.refuse(refusal)
            except LookupError:
                form.refuse(Invalid("この番号の権利はありません。", field="number"))
    return render_template("perks/slip.html", form=form, partner=_here().partner, answer=answer), status


@bp.get("/today")
@at_the_counter
def today() -> ResponseReturnValue:
    partner = _here().partner
    response = make_response(render_template("perks/today.html", partner=partner, today=tallying.today(partner.id)))
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/worker.js")
def worker() -> ResponseReturnValue:
    return offline_worker()


def _slip_said(done: Outcome) -> dict[str, Any]:
    said = saying.said(done) | {"headline": "記録しました"}
    return said | {"left": f"{done.flag.ja}として、役場に知らせました。"} if done.flag else said


def _known(text: dict[str, str]) -> Known:
    if text["pass"]:
        return knowing.by_pass(text["pass"])
    return knowing.by_number(text["number"], text["code"], _here().id)


def _answer(known: Known, ref: str, plan: str) -> dict[str, Any]:
    """What the tablet shows; {"choose": […]} where the guest may use several perks here and none was chosen."""
    counter = _here()
    if not plan and (line := using.line_of(ref)) is not None and line.token_id == known.token_id:
        plan = line.plan_id  # asked again: what could be chosen is another thing now
    if not plan:
        choices = offering.usable(known.token_id, counter.partner)
        if len(choices) > 1:
            return {"choose": choices, "ref": ref}
        plan = choices[0]["id"]
    asked = Asked(
        ref=ref,
        token_id=known.token_id,
        plan_id=plan,
        channel=known.channel,
        used_at=now(),
        partner_id=counter.partner_id,
        counter_id=counter.id,
        holder=known.holder,
        proof=known.proof,
    )
    return saying.said(using.use(asked))


def _counter() -> Counter | None:
    return signing_in.counter_of(request.cookies.get(COOKIE))


def _here() -> Counter:
    counter = _counter()
    assert counter is not None, "at_the_counter() lets nobody else in"
    return counter


def _partners() -> list[tuple[str, str]]:
    return [(partner.code, partner.name) for partner in open_partners()]


def _door(form: SignInForm) -> str:
    form.partner.choices = _partners()
    return render_template("perks/door.html", form=form)


def _desk(form: TypedForm, answer: dict[str, Any] | None = None) -> str:
    if not form.is_submitted() or (answer and "choose" not in answer):
        form.ref.data = secrets.token_hex(16)
    return render_template("perks/counter.html", form=form, partner=_here().partner, answer=answer)
