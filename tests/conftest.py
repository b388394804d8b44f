"""What every test may ask for: an application on a database of its own, a client, a live server, a browser.

TEST_DATABASE=sqlite|postgresql chooses the database. REQUIRE_POSTGRES=1 and REQUIRE_BROWSER=1 turn a skip for want of
either into a failure.
"""

import gc
import os
import secrets
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from contextvars import Context
from copy import deepcopy
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from werkzeug.test import TestResponse

from marketplace.application import OFFICES, create_app, modules_of
from marketplace.kit.db import db
from marketplace.kit.freezing import here_to_stay
from marketplace.settings import Settings
from tests import choosing, lived, local_bucket, local_stripe, postgres
from tests.apps import leave
from tests.chainlogs import Chain, deploy
from tests.databases import Databases, Postgresql, Sqlite, build, chosen
from tests.deployment import Deployment, deploying
from tests.faults import FAULTS, listen
from tests.live import live
from tests.lived import OnChain, Told
from tests.local_chain import LocalChain, running
from tests.people import hana as hana
from tests.people import ken as ken
from tests.remembering import remember
from tests.visiting import chromium, program, visiting

for knob in Settings.model_fields:  # a developer's own settings are not the tests'
    os.environ.pop(knob.upper(), None)

PLAIN = Settings(
    secret_key="a test's secret",
    key_password="a test's password",
    stripe_webhook_secrets="whsec_test",
    beacon_url="",
    pages_kept_s=0,  # a test sees what it has just done
    figures_kept_s=0,
    notice_days_sealed=0,  # the world of a test is announced and opened in one breath
)
"""Read once: to ask the environment for each of 150 settings takes a fifth of the time that an application takes."""

gc.set_threshold(20_000)  # an application is 100,000 things: to look for garbage after each 700 took a fifteenth of it
remember()
listen()
for office in OFFICES:  # all who listen stand in the lists before a test puts somebody there, and takes its list back
    modules_of(office)

hypothesis.settings.register_profile("town", deadline=None)  # how long an example takes is the machine's affair
hypothesis.settings.load_profile("town")

SERVER = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """The process that starts the others starts the database server too; they find it by TEST_DATABASE_URL."""
    if hasattr(config, "workerinput") or chosen() != "postgresql" or config.option.collectonly:
        return
    run = os.environ["TEST_RUN"] = secrets.token_hex(4)
    config.stash[SERVER] = stack = ExitStack()
    try:
        url = stack.enter_context(postgres.server())
    except postgres.NoServer:
        if os.environ.get("REQUIRE_POSTGRES") == "1":
            pytest.exit("REQUIRE_POSTGRES=1, but there is no TEST_DATABASE_URL and no wheel with a server", 1)
        return
    os.environ["TEST_DATABASE_URL"] = url
    stack.callback(Postgresql(url, run, Path()).forget_template)


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        config.stash[SERVER].close()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    with here_to_stay():  # six thousand tests, and all that they import
        return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if chosen() == "postgresql":
        config.hook.pytest_deselected(items=[item for item in items if not choosing.on_postgresql(item)])
        items[:] = filter(choosing.on_postgresql, items)
    items[:] = choosing.long_ones_first(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    FAULTS.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """A test fails of what its world logged as a fault of ours while it was built and while it was looked at."""
    result = yield
    FAULTS.tell()
    return result


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Copies of one template that the processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    kind: Databases
    with postgres.directory(postgres.memory(), "copies") as quick:
        if chosen() == "sqlite":
            kind = Sqlite(shared, quick)
        elif url := os.environ.get("TEST_DATABASE_URL"):
            kind = Postgresql(url, os.environ["TEST_RUN"], shared)
        else:
            pytest.skip("PostgreSQL: there is no TEST_DATABASE_URL and no wheel with a server for this platform")

        kind.template(lambda url: build(url, own))
        yield kind


@pytest.fixture(scope="module")
def past(request: pytest.FixtureRequest) -> Callable[[], Any] | None:
    """What has happened in the town before each test of a file: a file with a long story has a function of this name,
    and a folder of such files this fixture."""
    found: Callable[[], Any] | None = getattr(request.module, "past", None)
    return found


@pytest.fixture(scope="module")
def told(
    databases: Databases, past: Callable[[], Any] | OnChain[Any] | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told[Any]]:
    """The past has happened, in a database of which each test gets a copy."""
    if past is None:
        yield Told("", None, None)
        return
    here = PLAIN.model_copy(update={"data_dir": tmp_path_factory.mktemp("past")})
    with lived.once(databases, here, past) as told:
        yield told


@pytest.fixture
def done(request: pytest.FixtureRequest) -> Deployment | None:
    """Our contracts on a real chain, done before a test begins that asks for `deployed`."""
    found: Deployment | None = request.getfixturevalue("deployment") if "deployed" in request.fixturenames else None
    return found


@pytest.fixture
def database_url(databases: Databases, told: Told[Any], done: Deployment | None) -> Iterator[str]:
    with databases.copy(done.database_url if done else told.url) as url:
        yield url


@pytest.fixture
def local_chain(done: Deployment | None, tmp_path: Path) -> Iterator[LocalChain]:
    """A real chain: an empty one, or with the contracts for whoever asks for `deployed`."""
    with done.chain(tmp_path) if done else running() as chain:
        yield chain


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A loopback port of our own, known before the application is made, so that its links can name it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def settings(database_url: str, tmp_path: Path, listening: socket.socket) -> Settings:
    """The application's settings. A test file that needs others overrides this with `settings.model_copy(update=…)`."""
    here = f"http://127.0.0.1:{listening.getsockname()[1]}"
    return PLAIN.model_copy(update={"database_url": database_url, "data_dir": tmp_path, "base_url": here})


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application, its context open: a test may call commands and read rows at once."""
    app = create_app(settings)
    app.testing = True
    app.test_client_class = Visitor
    with app.app_context():
        yield app
        leave()


class Visitor(FlaskClient):
    """A client whose requests share nothing with the test's own context: no `g`, no session, no snapshot."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        try:
            return Context().run(super().open, *args, **kwargs)
        finally:
            db.session.rollback()  # what the test reads next is what the request has committed


@pytest.fixture
def chain(app: Flask, told: Told[Any]) -> Chain:
    """Our contracts are deployed; what the chain says is told by the past and by the test, see chainlogs.py."""
    if told.chain is not None:
        return deepcopy(told.chain)
    deploy()
    return Chain()


@pytest.fixture
def deployed(app: Flask) -> Flask:
    """The application after ensure_contracts(), where its settings are pointed at `local_chain`."""
    return app


@pytest.fixture(scope="session")
def deployment(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Our contracts on a real chain, for tests that begin there: copy the database, and start the chain with it."""
    with deploying(PLAIN, databases, tmp_path_factory.mktemp("deployment")) as found:
        yield found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without JavaScript. `app.test_client()` gives another one, with cookies of its own."""
    return app.test_client()


@pytest.fixture
def live_server(app: Flask, listening: socket.socket) -> Iterator[str]:
    """The address of the application, served by threads of this process on 127.0.0.1."""
    with live(app, listening) as address:
        yield address


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[local_stripe.LocalStripe]:
    with local_stripe.running() as server:
        yield server


@pytest.fixture
def stripe(stripe_process: local_stripe.LocalStripe) -> local_stripe.LocalStripe:
    """The local Stripe server, without a past. Point an application at it with `settings.model_copy(update=…)`."""
    stripe_process.sim("reset")
    return stripe_process


@pytest.fixture(scope="module")  # it is at work as long as it lives
def s3_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local_bucket.LocalStore]:
    with local_bucket.serving(tmp_path_factory.mktemp("s3")) as store:
        yield store


@pytest.fixture
def bucket(s3_process: local_bucket.LocalStore) -> local_bucket.LocalBucket:
    """An empty bucket of a local S3-compatible store. Point an application at it with `bucket.settings(settings)`."""
    return s3_process.bucket()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = program()
    if executable is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but Chromium is not on PATH and CHROMIUM does not name it")
        pytest.skip("browser: Chromium is not on PATH and CHROMIUM does not name it")
    with chromium(executable) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    """A visitor's tab at the live server. The test fails if its pages complain, break their policy or look outside."""
    with visiting(browser, live_server) as page:
        yield page
