"""An order in pretix: page, cart, questions, payment by bank transfer, confirmation and the page of the order."""

import os
import tempfile
import textwrap
from pathlib import Path

import sqlalchemy as sa

from benchmarks.browser import Browser
from benchmarks.peers.shops import assert_placed, installed, rounds_of, run, send, served
from benchmarks.places import database

WANTED = ("pretix==2026.8.0", "gunicorn", "psycopg2-binary")
SHOP = """
from datetime import timedelta
from django.utils.timezone import now
from django_scopes import scopes_disabled
from pretix.base.models import Event, Organizer
with scopes_disabled():
    town = Organizer.objects.create(name="Town", slug="town", plugins="pretix.plugins.banktransfer")
    event = Event.objects.create(
        organizer=town, name="Rights", slug="rights", date_from=now() + timedelta(days=90), currency="JPY",
        plugins="pretix.plugins.banktransfer", live=True, is_public=True, testmode=False,
    )
    event.settings.payment_banktransfer__enabled = True
    event.settings.payment_banktransfer_bank_details_type = "other"
    event.settings.payment_banktransfer_bank_details = {"en": "The bank of the town"}
    event.settings.payment_banktransfer_ack = True
    event.settings.attendee_names_asked = False
    for number in range(20):
        item = event.items.create(name=f"Right {number}", default_price=3000, active=True)
        quota = event.quotas.create(name=f"Quota {number}", size=100_000)
        quota.items.add(item)
"""


def costs() -> list[float]:
    """CPU-milliseconds of one order, a figure for each round, in an event of twenty products."""
    python = installed("pretix", *WANTED)
    with database("postgresql", lasting=True) as url, tempfile.TemporaryDirectory() as folder:
        env = configured(sa.make_url(url), Path(folder))
        run([str(python), "-m", "pretix", "migrate"], env)
        run([str(python), "-m", "pretix", "shell", "-c", textwrap.dedent(SHOP)], env)
        with served(python, "pretix.wsgi", "town/rights/", env) as shop:
            measured = rounds_of(shop, buy)
        assert_placed(url, "SELECT count(*) FROM pretixbase_order WHERE status = 'n'")
    return measured


def configured(url: sa.URL, folder: Path) -> dict[str, str]:
    host = url.host or str(url.query.get("host", ""))
    lines = {
        "pretix": {"instance_name": "bench", "url": "http://127.0.0.1", "currency": "JPY", "datadir": str(folder)},
        "database": {
            "backend": "postgresql",
            "name": url.database or "",
            "user": url.username or "",
            "password": url.password or "",
            "host": host,
            "port": str(url.port or ""),
        },
        "django": {"secret": "a benchmark's secret, long enough for anybody"},
    }
    file = folder / "pretix.cfg"
    sections = (
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in each.items()) for name, each in lines.items()
    )
    file.write_text("\n".join(sections))
    return {**os.environ, "PRETIX_CONFIG_FILE": str(file), "DJANGO_SETTINGS_MODULE": "pretix.settings"}


def buy(port: int, number: str) -> None:
    """What a buyer's browser does, from the page of the shop to the page of the order."""
    browser = Browser(port)
    page = browser.get("/town/rights/")
    product = page.text.partition('name="item_')[2].partition('"')[0]
    assert product, page
    send(browser, page, "/town/rights/cart/add", **{f"item_{product}": "1"})
    questions = browser.follow(browser.get("/town/rights/checkout/start"))
    mail = f"buyer-{number}@example.jp"
    payment = send(browser, questions, "/town/rights/checkout/questions/", email=mail, email_repeat=mail)
    confirm = send(browser, payment, "/town/rights/checkout/payment/", payment="banktransfer")
    done = send(browser, confirm, "/town/rights/checkout/confirm/")
    assert "/order/" in done.text, done
    browser.close()
