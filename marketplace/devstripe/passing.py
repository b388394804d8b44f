"""What time alone does: sessions expire, holds lapse, store payments lapse, money becomes available, refunds arrive."""

from marketplace.devstripe import checkout, intents, konbini, refunds
from marketplace.devstripe.objects import Thing
from marketplace.devstripe.world import World


def let_time_pass(world: World) -> None:
    """Everything that is due by the server's clock. Run at the start of every request."""
    for thing in world.store.due(world.now()):
        _CHANGES[thing["object"]](world, thing)


def _intent_is_due(world: World, intent: Thing) -> None:
    if intent["status"] == "requires_capture":
        intents.cancel(world, intent, "automatic")
    else:
        konbini.let_lapse(world, intent)


def _becomes_available(world: World, transaction: Thing) -> None:
    transaction.update(status="available", _due=None)


_CHANGES = {
    "checkout.session": checkout.let_expire,
    "payment_intent": _intent_is_due,
    "balance_transaction": _becomes_available,
    "refund": refunds.let_succeed,
}
