"""A local Stripe server: a process of its own, for tests and for the demo town, never for real money.

It speaks the HTTP interface of Stripe's API as the installed official client knows it: requests are checked against
the client's own parameter types, answers are laid out after the client's own resource types. What it covers is one
payment in yen from the Checkout page to the payout, with refunds, disputes, events and signed webhooks.

    python -m marketplace.devstripe --port 12111 --data data/stripe.sqlite3

It listens on 127.0.0.1 only and refuses every key that is not a test key. `/_sim/…` moves its clock, breaks its
deliveries and plays the parts of the bank and the convenience store (controls.py).
"""
