"""Disputes: the payer's bank takes the money back and asks us to explain. https://docs.stripe.com/disputes"""

import stripe
from stripe.params import DisputeCloseParams, DisputeListParams, DisputeUpdateParams

from marketplace.devstripe import money
from marketplace.devstripe.events import emit
from marketplace.devstripe.objects import Thing, public
from marketplace.devstripe.refusals import invalid
from marketplace.devstripe.routes import endpoint
from marketplace.devstripe.world import World

FEE_YEN = 1500
DAYS_TO_ANSWER = 9


def open_dispute(world: World, charge: Thing, reason: str, yen: int | None = None) -> Thing:
    """Of the whole charge, or of `yen` of it."""
    dispute = _make(world, charge, reason, "chargeback", "needs_response")
    dispute["amount"] = yen or dispute["amount"]
    _withdraw(world, dispute, FEE_YEN)
    emit(world, "charge.dispute.created", dispute)
    emit(world, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def ask_first(world: World, charge: Thing, reason: str) -> Thing:
    """The bank only asks and takes nothing yet. https://docs.stripe.com/disputes/how-disputes-work#inquiries"""
    dispute = _make(world, charge, reason, "inquiry", "warning_needs_response")
    emit(world, "charge.dispute.created", dispute)
    return dispute


def escalate(world: World, dispute: Thing) -> Thing:
    """The answer did not do, or none came: the same dispute takes the money now, and is to be answered anew."""
    if not dispute["status"].startswith("warning_"):
        raise invalid("This dispute is no inquiry.")
    dispute["status"] = "needs_response"
    dispute["evidence_details"]["due_by"] = world.now() + DAYS_TO_ANSWER * money.DAY
    _withdraw(world, dispute, FEE_YEN)
    emit(world, "charge.dispute.updated", dispute)
    return dispute


def prevent_dispute(world: World, charge: Thing, case_type: str) -> Thing:
    """One that Stripe ends before it is a chargeback: by a "resolution" that gives the payer the money back without a
    fee for the dispute, or by a "block", which moves nothing. https://docs.stripe.com/disputes/prevention-preview"""
    dispute = _make(world, charge, "general", case_type, "prevented")
    if case_type == "resolution":
        _withdraw(world, dispute, 0)
    emit(world, "charge.dispute.created", dispute)
    emit(world, "charge.dispute.closed", dispute)
    return dispute


def _make(world: World, charge: Thing, reason: str, case_type: str, status: str) -> Thing:
    if charge["disputed"]:
        raise invalid("This charge is disputed already.", "charge_disputed")
    return world.new(
        stripe.Dispute,
        "dp_",
        amount=charge["amount_captured"],
        charge=charge["id"],
        currency="jpy",
        evidence={},
        evidence_details={
            "due_by": world.now() + DAYS_TO_ANSWER * money.DAY,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details={"type": "card", "card": {"brand": "visa", "case_type": case_type}},
        reason=reason,
        status=status,
    )


def _withdraw(world: World, dispute: Thing, fee: int) -> None:
    """The sum, and what the dispute costs, leave the balance."""
    taken = money.book(world, "adjustment", -dispute["amount"], fee, dispute["id"])
    dispute["balance_transactions"] = [public(taken)]
    world.get(dispute["charge"], "charge")["disputed"] = True


def close_dispute(world: World, dispute: Thing, won: bool) -> None:
    """A payer may withdraw one that was lost already: then it is won. https://docs.stripe.com/disputes/withdrawing"""
    if dispute["status"] in ("won", "prevented") or (dispute["status"] == "lost" and not won):
        raise invalid("This dispute is already closed.")
    dispute["status"] = "won" if won else "lost"
    if won:
        back = money.book(world, "adjustment", dispute["amount"], 0, dispute["id"])
        dispute["balance_transactions"].append(public(back))
        emit(world, "charge.dispute.funds_reinstated", dispute)
    emit(world, "charge.dispute.closed", dispute)


@endpoint("GET", "/v1/disputes", DisputeListParams)
def list_disputes(world: World, given: Thing) -> Thing:
    return world.store.page("dispute", given, "/v1/disputes", ("charge", "payment_intent"))


@endpoint("GET", "/v1/disputes/<id>")
def retrieve(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "dispute")


@endpoint("POST", "/v1/disputes/<id>", DisputeUpdateParams)
def update(world: World, given: Thing, key: str) -> Thing:
    """The texts "winning_evidence" and "losing_evidence" decide it at once, as in Stripe's test mode."""
    dispute = world.get(key, "dispute")
    evidence = given.get("evidence") or {}
    if evidence and dispute["status"] in ("won", "lost", "prevented"):
        raise invalid("This dispute is already closed.")
    if evidence:
        dispute["evidence"].update(evidence)
        dispute["evidence_details"]["has_evidence"] = True
        asks = "warning_" if dispute["status"].startswith("warning_") else ""
        dispute["status"] = f"{asks}under_review" if given.get("submit", True) else dispute["status"]
        emit(world, "charge.dispute.updated", dispute)
    verdict = {"winning_evidence": True, "losing_evidence": False}.get(evidence.get("uncategorized_text", ""))
    if verdict is not None:
        close_dispute(world, dispute, verdict)
    return dispute


@endpoint("POST", "/v1/disputes/<id>/close", DisputeCloseParams)
def close(world: World, given: Thing, key: str) -> Thing:
    dispute = world.get(key, "dispute")
    close_dispute(world, dispute, won=False)
    return dispute
