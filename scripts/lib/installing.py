"""Installs what the lock files name, into .venv/ and the node_modules/ beside each package-lock.json, once.

Only the standard library: this runs before anything is installed. Each step leaves a stamp inside the directory that it
filled, written last, so that an interrupted step is done again and a finished one costs nothing.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CONTRACTS = ROOT / "contracts"
OTHERS = (ROOT / "tests" / "ipfs" / "independent", ROOT / "tests" / "faces" / "standard")
"""Programs of other people that tests compare ours with."""
CACHE = VENV.resolve().parent / ".cache"  # beside the real directory: checkouts that share a .venv share the lock too
LOG = CACHE / "setup.log"
OLDEST_GLIBC = (2, 35)  # what the chain's program is linked against
OLDEST_NODE = 20
NO_NETWORK = (
    *("connection broken", "connectionerror", "connecttimeout", "name resolution", "from versions: none"),  # pip
    *("enotfound", "eai_again", "econnrefused", "etimedout"),  # npm
)

DISTRUSTED = ("self_signed_cert", "unable_to_get_issuer_cert", "unable_to_verify_leaf", "certificate_verify_failed")


def main(purpose: str) -> None:
    """Make the machine ready to ``run`` or to ``test``."""
    if purpose not in ("run", "test"):
        stop(f"There is nothing called {purpose!r} to set up: say scripts/setup run or scripts/setup test.")
    folders = (CONTRACTS, *(OTHERS if purpose == "test" else ()))
    if has_python_packages(purpose) and all(has_npm_packages(folder, purpose) for folder in folders):
        return  # also for somebody who may not write here
    with alone():
        install_python_packages(purpose)
        for folder in folders:
            install_npm_packages(folder, purpose)


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else installs anything into this directory meanwhile."""
    try:
        CACHE.mkdir(exist_ok=True)
        lock = (CACHE / "setup.lock").open("w")
    except OSError as trouble:
        stop(
            f"{trouble.filename} can't be written ({trouble.strerror}): let whoever this directory belongs to run "
            "scripts/setup, or run it in a copy of your own."
        )
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another setup of this directory\n")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def has_python_packages(purpose: str) -> bool:
    """Everything for tests is a superset of everything to run, so the larger set's stamp serves both."""
    return any(is_stamped(VENV / f".{each}", lock_file(each)) for each in {purpose, "test"})


def has_npm_packages(folder: Path, purpose: str) -> bool:
    """With CHAIN_URL none is needed to run."""
    lock, modules = folder / "package-lock.json", folder / "node_modules"
    if not lock.exists() or (purpose == "run" and os.environ.get("CHAIN_URL")):
        return True
    return any(is_stamped(modules / f".{each}", lock) for each in {purpose, "test"})


def install_python_packages(purpose: str) -> None:
    if has_python_packages(purpose):
        return
    unfinished = VENV / ".unfinished"  # pip takes a half-written package for a whole one
    if unfinished.exists() or not answers(PYTHON):
        with step("Python environment in .venv"):
            command([sys._base_executable, "-m", "venv", "--clear", str(VENV.resolve())])  # type: ignore[attr-defined]
    unfinished.touch()
    with step(f"Python packages of requirements/{purpose}.txt"):
        pip_install(lock_file(purpose), compiled=purpose == "run")
    unfinished.unlink()
    stamp(VENV / f".{purpose}", lock_file(purpose))


def install_npm_packages(folder: Path, purpose: str) -> None:
    """The chain's program; for tests the compiler and other people's IPFS too."""
    if has_npm_packages(folder, purpose):
        return
    lock, modules = folder / "package-lock.json", folder / "node_modules"
    if folder == CONTRACTS and sys.platform == "linux" and glibc() < OLDEST_GLIBC:
        stop(
            "The chain that comes with Hiroba needs glibc 2.35, which this system lacks: "
            "start any EVM node and set CHAIN_URL=http://127.0.0.1:8545, or use Debian 12, Ubuntu 22.04 or newer."
        )
    env = dict(os.environ)
    if not has_node(env):
        env["PATH"] = f"{VENV / 'bin'}{os.pathsep}{env['PATH']}"
        if not has_node(env):
            with step("Node.js and npm into .venv, since this machine has none"):
                pip_install(lock_file("node"))
        if not has_node(env):
            stop("npm is not to be had: install Node.js 20 or newer with npm, or set CHAIN_URL to a running EVM node.")
    if not os.access(os.path.expanduser("~"), os.W_OK):  # npm keeps what it fetches there, and ends where it cannot
        env.setdefault("npm_config_cache", str(CACHE / "npm"))
    where = folder.relative_to(ROOT).as_posix()
    npm = ["npm", "ci", "--prefix", where, "--no-audit", "--no-fund", "--ignore-scripts"]
    with step(f"npm packages of {where}/package-lock.json"):
        command(npm + (["--omit=dev"] if purpose == "run" else []), env)
    stamp(modules / f".{purpose}", lock)


def pip_install(lock: Path, python: Path = PYTHON, *, compiled: bool = True) -> None:
    """The lock names every package, so nothing is resolved. The user's own pip configuration decides from where.

    `compiled`: for a town whose user may not write here. A developer's Python compiles what it meets.
    """
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(lock)]
    command(install if compiled else [*install, "--no-compile"])


def command(arguments: list[str], env: Mapping[str, str] = os.environ) -> None:
    """Run to the end with the output in the log; on failure say what to do and stop."""
    settings = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0", "PIP_NO_INPUT": "1"}
    with LOG.open("w") as log:
        failed = subprocess.run(arguments, stdout=log, stderr=log, env={**env, **settings}, cwd=ROOT).returncode
    if not failed:
        return
    said = LOG.read_text("utf-8", "replace")
    print(" failed", file=sys.stderr)
    if any(sign in said.lower() for sign in DISTRUSTED):
        stop(
            "The package registry shows a certificate that this machine does not trust. If a proxy stands "
            f"between, name its certificate by PIP_CERT and NODE_EXTRA_CA_CERTS. Details: {LOG}"
        )
    if any(sign in said.lower() for sign in NO_NETWORK):
        stop(
            "The package registry could not be reached: connect to a network, "
            f"or name a mirror in the configuration of pip and npm. Details: {LOG}"
        )
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "no message")
    stop(f"{Path(arguments[0]).name} ended with status {failed}: {last} (all of it: {LOG})")


def lock_file(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def wanted(lock: Path) -> str:
    """What a stamp says: the lock's digest, and where it was installed, because scripts in it name that place."""
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {VENV.resolve()}\n"


def is_stamped(path: Path, lock: Path) -> bool:
    return path.is_file() and path.read_text("utf-8") == wanted(lock) and answers(PYTHON)


def stamp(path: Path, lock: Path) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(wanted(lock), "utf-8")
    new.replace(path)


def answers(python: Path) -> bool:
    return python.exists() and subprocess.run([python, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0


def has_node(env: Mapping[str, str]) -> bool:
    node, npm = shutil.which("node", path=env["PATH"]), shutil.which("npm", path=env["PATH"])
    if not node or not npm:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    return version.split(".")[0].isdigit() and int(version.split(".")[0]) >= OLDEST_NODE


def glibc() -> tuple[int, ...]:
    name, version = platform.libc_ver()
    return tuple(int(part) for part in version.split(".")) if name == "glibc" else (0,)


@contextmanager
def step(what: str) -> Iterator[None]:
    say(f"{what} …")
    began = time.monotonic()
    yield
    print(f" {time.monotonic() - began:.0f} s", file=sys.stderr)


def say(text: str) -> None:
    print(f"setup: {text}", end="", file=sys.stderr, flush=True)


def stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        print("\nInterrupted: the next call goes on from here.", file=sys.stderr)
        sys.exit(130)
