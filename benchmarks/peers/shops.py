"""What the shops of others have in common: a folder with a Python of their own, a server, rounds of buyers, a count."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from benchmarks.browser import Browser, Page
from benchmarks.ordering import WARMING, together
from benchmarks.serving import Served, free_port, started
from marketplace.kit.batches import batched
from marketplace.settings import Settings
from marketplace.supervising import gunicorn

HOME = Path(__file__).parents[2] / ".cache" / "peers"
ROUNDS, ORDERS = 4, 8
BUYERS = [str(number) for number in range(1 + (WARMING + ROUNDS) * ORDERS)]


class CannotRun(Exception):
    """It could not be installed here; why."""


def installed(name: str, *wanted: str) -> Path:
    """The Python that has these packages, in the folder of that name."""
    home = HOME / name
    python, done = home / "bin" / "python", home / "done"
    if not done.exists() or done.read_text().split() != list(wanted):
        run([sys.executable, "-m", "venv", "--clear", str(home)])
        run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])
        done.write_text("\n".join(wanted))
    return python


@contextmanager
def served(python: Path, app: str, page: str, env: Mapping[str, str]) -> Iterator[Served]:
    """Its WSGI application, with as many processes and threads as the town's web, once /`page` is shown."""
    settings, port = Settings(), free_port()
    kind = "gthread"  # the town's own is one of these, which only a town can import
    command = [str(python), *gunicorn(app, port, settings.web_workers, settings.web_threads, kind)]
    with started(command, port, page, env) as running:
        yield running


def rounds_of(shop: Served, buy: Callable[[int, str], object]) -> list[float]:
    """CPU-milliseconds of one order, a figure for each round. `buy`: by the shop's port and one of BUYERS."""
    first, *others = BUYERS
    buy(shop.port, first)  # alone: of two who see an oscar's product before anybody else, one is answered 500
    costs = []
    for crowd in batched(others, ORDERS):
        before = shop.processor_seconds()
        together(lambda buyer: buy(shop.port, buyer), crowd)
        costs.append(1000 * (shop.processor_seconds() - before) / ORDERS)
    return costs[WARMING:]


def assert_placed(url: str, orders: str) -> None:
    """Every buyer of the rounds has an order: as many as `orders`, a SELECT count(*), finds in its database."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        count = connection.scalar(sa.text(orders))
    engine.dispose()
    assert count == len(BUYERS), count


def send(browser: Browser, page: Page, path: str, **form: str) -> Page:
    """Post a form of `page`, with its token, and go where the answer sends us."""
    sent = browser.post(path, csrfmiddlewaretoken=page.field("csrfmiddlewaretoken"), **form)
    assert sent.status in (302, 303), sent
    return browser.follow(sent)


def run(command: list[str], env: Mapping[str, str] | None = None) -> None:
    ran = subprocess.run(command, env=env, capture_output=True, text=True)
    if ran.returncode:
        raise CannotRun(f"{' '.join(command[:4])}: {(ran.stderr or ran.stdout).strip()[-400:]}")
