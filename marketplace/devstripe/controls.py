"""`POST /_sim/<name>` with a JSON body: the parts of time, bank, store and bad luck, played by a test or the demo.

advance       {"seconds": 1800}                      move the clock forward
clock         {"at": 1790000000}                     set it; {} only reads it      → {"now": …}
faults        {"drop": 0.3, "duplicate": 0.4, …}     see world.Faults; {} only reads them
deliver       {"limit": 10, "order": "newest"}       carry waiting webhooks now: oldest, newest or shuffled
bounce        {"refund": "re_…"}                     its payer's bank sends it back, days after it was made
mend_card     {"payment_intent": "pi_…"}             its card takes refunds from now on
konbini_pay   {"payment_intent": "pi_…"}             the payer pays at the store
dispute       {"payment_intent": "pi_…", "reason": "fraudulent", "amount": 400}    of the whole where none is named
              {…, "inquiry": true}                   the bank only asks
escalate_dispute {"dispute": "dp_…"}                 it is not content with the answer, and takes the money
close_dispute {"dispute": "dp_…", "won": true}      also one that was lost already: its payer withdraws it
prevent_dispute {"payment_intent": "pi_…", "case_type": "resolution"}    or "block"
payout        {"short": 100}                         the balance goes to the bank, 100 yen less than it should;
              {"automatic": false}                   or because somebody at the shop asked for it
fail_payout   {"payout": "po_…"}                     the bank does not take it: the money is back in the balance
webhook       {"url": "http://127.0.0.1:…", "secret": "whsec_…", "events": ["*"]}
stats         {}                                     counts since the start, webhooks that wait
reset         {}                                     forget everything, faults and clock too
"""

import random
import time
from collections.abc import Callable
from dataclasses import asdict

from marketplace.devstripe import disputes, events, konbini, money, refunds
from marketplace.devstripe.cards import Manner
from marketplace.devstripe.deliveries import deliver
from marketplace.devstripe.objects import Thing
from marketplace.devstripe.passing import let_time_pass
from marketplace.devstripe.refusals import unknown
from marketplace.devstripe.world import Faults, World


def control(world: World, name: str, given: Thing) -> Thing:
    if name == "deliver":  # posts to the shop, so it must not hold the store
        return dict(deliver(world, given.get("limit", 1000), given.get("order", "oldest")))
    if name not in _CONTROLS:
        raise unknown("control", name, "name")
    with world.store.work():
        return _CONTROLS[name](world, given)


def _advance(world: World, given: Thing) -> Thing:
    return _clock(world, {"at": world.now() + given["seconds"]})


def _clock(world: World, given: Thing) -> Thing:
    if "at" in given:
        world.set("clock_offset", str(int(given["at"]) - int(time.time())))
        let_time_pass(world)
    return {"now": world.now()}


def _faults(world: World, given: Thing) -> Thing:
    world.faults.change(given)
    if "seed" in given:
        world.dice.seed(world.faults.seed)
    return asdict(world.faults)


def _konbini_pay(world: World, given: Thing) -> Thing:
    intent = world.get(given["payment_intent"], "payment_intent")
    konbini.pay_at_the_store(world, intent)
    return intent


def _bounce(world: World, given: Thing) -> Thing:
    refund = world.get(given["refund"], "refund")
    refunds.bounce(world, refund, world.get(refund["charge"], "charge"))
    return refund


def _mend_card(world: World, given: Thing) -> Thing:
    charge = world.get(world.get(given["payment_intent"], "payment_intent")["latest_charge"], "charge")
    charge["_manner"] = Manner.GOOD
    return charge


def _dispute(world: World, given: Thing) -> Thing:
    intent = world.get(given["payment_intent"], "payment_intent")
    charge = world.get(intent["latest_charge"] or "", "charge")
    reason = given.get("reason", "fraudulent")
    if given.get("inquiry"):
        return disputes.ask_first(world, charge, reason)
    return disputes.open_dispute(world, charge, reason, given.get("amount"))


def _escalate_dispute(world: World, given: Thing) -> Thing:
    return disputes.escalate(world, world.get(given["dispute"], "dispute"))


def _close_dispute(world: World, given: Thing) -> Thing:
    dispute = world.get(given["dispute"], "dispute")
    disputes.close_dispute(world, dispute, bool(given["won"]))
    return dispute


def _prevent_dispute(world: World, given: Thing) -> Thing:
    intent = world.get(given["payment_intent"], "payment_intent")
    return disputes.prevent_dispute(world, world.get(intent["latest_charge"], "charge"), given["case_type"])


def _payout(world: World, given: Thing) -> Thing:
    return money.pay_out(world, given.get("short", 0), automatic=given.get("automatic", True))


def _fail_payout(world: World, given: Thing) -> Thing:
    payout = world.get(given["payout"], "payout")
    money.fail_payout(world, payout)
    return payout


def _webhook(world: World, given: Thing) -> Thing:
    return events.register(world, given["url"], given["secret"], given.get("events", ["*"]))


def _stats(world: World, given: Thing) -> Thing:
    (waiting,) = world.store.sql("SELECT count(*) FROM delivery")[0]
    rows = world.store.sql("SELECT kind, count(*) FROM object GROUP BY kind ORDER BY kind")
    return {"counts": world.counts, "waiting": waiting, "objects": dict(rows)}


def _reset(world: World, given: Thing) -> Thing:
    world.store.clear()
    world.faults = Faults()
    world.dice = random.Random(0)  # noqa: S311  chooses faults, no secrets
    world.counts = {}
    return {"now": world.now()}


_CONTROLS: dict[str, Callable[[World, Thing], Thing]] = {
    "advance": _advance,
    "clock": _clock,
    "faults": _faults,
    "bounce": _bounce,
    "mend_card": _mend_card,
    "konbini_pay": _konbini_pay,
    "dispute": _dispute,
    "escalate_dispute": _escalate_dispute,
    "close_dispute": _close_dispute,
    "prevent_dispute": _prevent_dispute,
    "payout": _payout,
    "fail_payout": _fail_payout,
    "webhook": _webhook,
    "stats": _stats,
    "reset": _reset,
}
