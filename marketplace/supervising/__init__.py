"""The whole town on one machine: the database, a chain, a Stripe of our own, the web, the worker and the follower.

A real town runs the same programs, each under its system's own supervisor, and names its database, chain and Stripe by
settings; the README says how.
"""

import http.client
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from pydantic import ValidationError

from marketplace.kit.piping import Unsaid
from marketplace.settings import Settings
from marketplace.settings.refusing import in_a_line
from marketplace.supervising.children import Hopeless, Household, Leaving, Program
from marketplace.supervising.premises import LOCK, CannotStart, Premises, claimed, foreseen, shortage

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_OPEN = 60.0
SECONDS_TO_STOP = 8.0
WORKER = "marketplace.supervising.web.Worker"


def up(port: int, data: Path, fresh: bool) -> int:
    """Run the town at 127.0.0.1:`port` until SIGINT or SIGTERM; the exit status.

    `data`: the directory that keeps everything; a new one becomes the demo town. `fresh` forgets what it kept.
    """
    try:
        if not (data / LOCK).exists():  # before anything is written; a last run may hold the port until it lets go
            _refuse_taken(port)
        _refuse_wrong(data, port, fresh)
        with claimed(data, say) as premises:
            return _stay_open(premises, port, fresh)
    except CannotStart as reason:
        sys.stderr.write(f"{reason}{_shortage(data)}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _stay_open(premises: Premises, port: int, fresh: bool) -> int:
    _refuse_taken(port)
    given = frozenset(os.environ)
    try:
        new = premises.prepare(fresh, say)
        env = premises.environment(os.environ, port)
    except OSError as error:
        why = f"{premises.directory} can't be written ({error.strerror}): name another by --data."
        raise CannotStart(why) from error
    settings = _settings(env)
    household = Household({**env, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}, ROOT, premises.lock, say)

    def leave(_signal: int, _frame: FrameType | None) -> None:
        household.leaving = True

    asked = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup leaves it, for a town that outlives its terminal
        asked.append(signal.SIGHUP)
    for number in asked:
        signal.signal(number, leave)
    try:
        began = time.monotonic()
        _start_engines(household, _engines(settings, given, premises.directory, port))
        web, *others = _offices(settings, port)
        household.start(web)  # it opens its books while the town is built; /readyz says no until it is
        if new:
            first = "seed" if settings.demo else "deploy"
            _do(household, first, "The town could not be built")
            premises.opened()
            say(f"the town was built in {time.monotonic() - began:.0f} s; {premises.directory} keeps it")
        _open_offices(household, others, port)
        say(f"Hiroba is ready: http://127.0.0.1:{port}")
        household.settled = True
        household.forever()
    except Leaving:
        say("stopping")
    except Hopeless as trouble:
        raise CannotStart(str(trouble)) from trouble
    finally:
        household.stop(SECONDS_TO_STOP)
    return 0


def _start_engines(household: Household, engines: list[Program]) -> None:
    """Chain, Stripe and the database, at the same time."""
    for engine in engines:
        household.start(engine)
    _do(household, "migrate", "The database could not be brought to the present schema")
    for engine in engines:
        if not household.until(partial(_answers, engine.port), SECONDS_TO_OPEN):
            raise CannotStart(f"{engine.name} does not answer on port {engine.port}")


def _open_offices(household: Household, offices: list[Program], port: int) -> None:
    for office in offices:
        household.start(office)
    if not household.until(partial(_is_ready, port), SECONDS_TO_OPEN):
        raise CannotStart(
            f"The town is not ready after {SECONDS_TO_OPEN:.0f} s: http://127.0.0.1:{port}/readyz says why."
        )


def _engines(settings: Settings, given: Collection[str], directory: Path, port: int) -> list[Program]:
    """What stands in for the chain and for Stripe, where the environment has not `given` others."""
    engines = []
    if "CHAIN_URL" not in given:
        number = urlsplit(settings.chain_url).port or 0
        chain = ["-m", "marketplace.chain.embedded", "--port", str(number), "--chain-id", str(settings.chain_id)]
        engines.append(Program("chain", [*chain, "--data", str(directory / "chain")], number, at_the_back=True))
    if not {"STRIPE_SECRET_KEY", "STRIPE_API_BASE"} & set(given):
        number = urlsplit(settings.stripe_api_base).port or 0
        stripe = ["-m", "marketplace.devstripe", "--port", str(number), "--data", str(directory / "stripe.db")]
        secret = settings.stripe_webhook_secrets.get_secret_value().split(",")[0]
        hooks = ["--webhook-url", f"http://127.0.0.1:{port}/webhooks/stripe", "--webhook-secret", secret]
        engines.append(Program("stripe", [*stripe, *hooks], number, at_the_back=True))
    return engines


def _offices(settings: Settings, port: int) -> list[Program]:
    return [
        Program("web", gunicorn("wsgi:app", port, settings.web_workers, settings.web_threads), port),
        Program("worker", ["-m", "marketplace", "worker"]),
        Program("follower", ["-m", "marketplace", "follow"]),
    ]


def gunicorn(app: str, port: int, workers: int, threads: int, worker: str = WORKER) -> list[str]:
    """Arguments of Python that serve `app` on loopback: few threads, since more would fight for one lock."""
    bind = ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--threads", str(threads)]
    beats = ["--worker-tmp-dir", "/dev/shm"] if os.access("/dev/shm", os.W_OK) else []  # noqa: S108 - a disk may stall
    rest = ["--preload", "--no-control-socket", "--graceful-timeout", "5", "--log-level", "warning", *beats]
    return ["-m", "gunicorn", app, "--worker-class", worker, *bind, *rest]


def _do(household: Household, command: str, failure: str) -> None:
    """One command of `python -m marketplace`, to its end."""
    status, last_line = household.run(Program(command, ["-m", "marketplace", command]))
    if status:
        raise CannotStart(f"{failure}: {last_line}")


def _refuse_wrong(data: Path, port: int, fresh: bool) -> None:
    """While nothing is made yet, and nothing that `fresh` would forget is forgotten."""
    if fresh and "DATABASE_URL" in os.environ:
        raise CannotStart(f"--fresh forgets only {data}: empty the database of DATABASE_URL yourself first.")
    try:
        env = foreseen(data, os.environ, port, fresh)
    except OSError:
        return  # claimed() says what is the matter with the directory
    _settings(env)


def _shortage(data: Path) -> str:
    try:
        return shortage(data, shutil.disk_usage(data).free)
    except OSError:
        return ""


def _settings(env: dict[str, str]) -> Settings:
    """The settings as the children will read them, so that a wrong one is told before anything starts."""
    given = dict(os.environ)
    os.environ.update(env)
    try:
        return Settings()
    except ValidationError as wrong:
        raise CannotStart(in_a_line(wrong)) from wrong
    finally:
        os.environ.clear()
        os.environ.update(given)


def _refuse_taken(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        why = os.strerror(error.errno or 0)
        advice = f"stop what uses it, or choose another by --port {port + 1 if port < 65535 else 8000}."
        raise CannotStart(f"Port {port} can't be used ({why}): {advice}") from error


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _is_ready(port: int) -> bool:
    """Whether /readyz says 200. Not by urllib: a proxy that the environment names is none of our business."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def say(line: str) -> None:
    """One line to whoever looks; nobody has to."""
    with suppress(OSError, Unsaid):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
