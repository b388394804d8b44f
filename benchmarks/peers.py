"""The same work in shops that many run: pretix from PyPI, installed into a folder of its own, on a PostgreSQL.

`peers.pretix` is CPU-milliseconds of the town's web and worker for a whole order (ordering.py), against those of pretix
for one: page, cart, questions, payment by bank transfer, confirmation and the page of the order, under the same
gunicorn with as many processes, its background work done at once. The first run installs it, and each builds its
tables, which takes minutes; where PyPI cannot be reached this says why and measures nothing.
"""

import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from benchmarks import Result, compared
from benchmarks.browser import Browser, Page
from benchmarks.ordering import costs_of, together
from benchmarks.places import database
from benchmarks.serving import Served, free_port, started
from marketplace.settings import Settings
from marketplace.supervising import gunicorn

HOME = Path(__file__).parents[1] / ".cache" / "peers"
ROUNDS, ORDERS = 4, 8
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


class CannotRun(Exception):
    """It could not be installed here; why."""


def measure() -> Iterator[Result]:
    try:
        theirs = pretix()
    except CannotRun as why:
        sys.stderr.write(f"peers: no pretix here: {why}\n")
        return
    ours = costs_of("postgresql", len(theirs), ORDERS).whole
    yield compared("peers.pretix", "CPU-ms", ours, "pretix", theirs)


def pretix() -> list[float]:
    """CPU-milliseconds of one order, a figure for each round."""
    python = installed()
    with shop(python) as served:
        costs = []
        for _ in range(ROUNDS + 1):
            before = served.processor_seconds()
            together(lambda number: buy(served.port, number), [str(number) for number in range(ORDERS)])
            costs.append(1000 * (served.processor_seconds() - before) / ORDERS)
    return costs[1:]  # nothing is cold when the rounds begin


def installed() -> Path:
    """The Python that has pretix."""
    home = HOME / "pretix"
    python = home / "bin" / "python"
    if not (home / "done").exists():
        _run([sys.executable, "-m", "venv", "--clear", str(home)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *WANTED])
        (home / "done").touch()
    return python


@contextmanager
def shop(python: Path) -> Iterator[Served]:
    """pretix with an event of twenty products, on a database of its own."""
    with database("postgresql", lasting=True) as url, tempfile.TemporaryDirectory() as folder:
        env = configured(sa.make_url(url), Path(folder))
        _run([str(python), "-m", "pretix", "migrate"], env)
        _run([str(python), "-m", "pretix", "shell", "-c", textwrap.dedent(SHOP)], env)
        settings, port = Settings(), free_port()
        command = [str(python), *gunicorn("pretix.wsgi", port, settings.web_workers, settings.web_threads)]
        with started(command, port, "town/rights/", {**env, "DJANGO_SETTINGS_MODULE": "pretix.settings"}) as served:
            yield served


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
    return {**os.environ, "PRETIX_CONFIG_FILE": str(file)}


def buy(port: int, number: str) -> None:
    """What a buyer's browser does, from the page of the shop to the page of the order."""
    browser = Browser(port)
    page = browser.get("/town/rights/")
    product = page.text.partition('name="item_')[2].partition('"')[0]
    assert product, page
    _send(browser, page, "/town/rights/cart/add", **{f"item_{product}": "1"})
    questions = browser.follow(browser.get("/town/rights/checkout/start"))
    mail = f"buyer-{number}@example.jp"
    payment = _send(browser, questions, "/town/rights/checkout/questions/", email=mail, email_repeat=mail)
    confirm = _send(browser, payment, "/town/rights/checkout/payment/", payment="banktransfer")
    done = _send(browser, confirm, "/town/rights/checkout/confirm/")
    assert "/order/" in done.text, done
    browser.close()


def _send(browser: Browser, page: Page, path: str, **form: str) -> Page:
    sent = browser.post(path, csrfmiddlewaretoken=page.field("csrfmiddlewaretoken"), **form)
    assert sent.status in (302, 303), sent
    return browser.follow(sent)


def _run(command: list[str], env: Mapping[str, str] | None = None) -> None:
    ran = subprocess.run(command, env=env, capture_output=True, text=True)
    if ran.returncode:
        raise CannotRun(f"{' '.join(command[:4])}: {(ran.stderr or ran.stdout).strip()[-400:]}")
