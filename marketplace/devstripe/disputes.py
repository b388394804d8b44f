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


def open_dispute(world: World, charge: Thing, reason: str) -> Thing:
    if charge["disputed"]:
        raise invalid("This charge is disputed already.", "charge_disputed")
    taken = money.book(world, "adjustment", -charge["amount_captured"], FEE_YEN, None)
    dispute = world.new(
        stripe.Dispute,
        "dp_",
        amount=charge["amount_captured"],
        balance_transactions=[public(taken)],
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
        reason=reason,
        status="needs_response",
    )
    taken["source"] = dispute["id"]
    dispute["balance_transactions"] = [public(taken)]
    charge["disputed"] = True
    emit(world, "charge.dispute.created", dispute)
    emit(world, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(world: World, dispute: Thing, won: bool) -> None:
    if dispute["status"] in ("won", "lost"):
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
    if evidence and dispute["status"] in ("won", "lost"):
        raise invalid("This dispute is already closed.")
    if evidence:
        dispute["evidence"].update(evidence)
        dispute["evidence_details"]["has_evidence"] = True
        dispute["status"] = "under_review" if given.get("submit", True) else dispute["status"]
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
