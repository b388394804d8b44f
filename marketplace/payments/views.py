"""Where Stripe calls."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from marketplace.payments.hearing import Forged, hear

bp = Blueprint("payments", __name__)
NO_CSRF = True
"""Stripe has no session with us; its signature is checked instead."""


@bp.post("/webhooks/stripe")
def webhook() -> ResponseReturnValue:
    """200 as soon as the event is stored, so that Stripe is never kept waiting; 400 where it is not from Stripe."""
    try:
        hear(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except Forged as refusal:
        return {"error": refusal.code}, refusal.status
    return "", 200
