"""Where the local chain's program is, and how it must be started.

The program comes from npm (`contracts/package.json`); its binary lies in the package of the platform, so that
Node.js is not needed to run it.
"""

import platform
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[2] / "contracts" / "node_modules" / "@foundry-rs"

_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def binary() -> Path:
    """The anvil binary of this platform.

    Raises:
        FileNotFoundError: the npm packages of contracts/ are not installed, or there is none for this platform.
    """
    system = {"windows": "win32"}.get(platform.system().lower(), platform.system().lower())
    machine = _MACHINES.get(platform.machine().lower(), platform.machine().lower())
    path = PACKAGES / f"anvil-{system}-{machine}" / "bin" / ("anvil.exe" if system == "win32" else "anvil")
    if not path.exists():
        raise FileNotFoundError(f"no anvil at {path}: run scripts/setup (it runs `npm ci --prefix contracts`)")
    return path


def command(port: int, chain_id: int, *more: str) -> list[str]:
    """The command line of a chain on 127.0.0.1 that mines a block per transaction and asks for no gas money.

    No default accounts and no CORS: otherwise any web page open in the operator's browser could send from
    well-known rich keys. Old states are pruned (they are never asked for): memory stays flat. A base fee of 0 lets
    keys without coins send. A block has room for whatever comes at once: what does not fit would wait in the pool until
    the next transaction rings. Cancun is what the contracts are compiled for. The block clock is never shifted:
    `tradableFrom` and offers depend on it.
    """
    flags = "--host 127.0.0.1 --accounts 0 --no-cors --prune-history --hardfork cancun --quiet"
    money = "--base-fee 0 --gas-price 0 --disable-min-priority-fee --gas-limit 1000000000"
    # finalized = head - 2, so that software that waits for finality does not wait for 64 blocks;
    # transactions of several keys are mined in the order in which they came
    finality = "--slots-in-an-epoch 1 --order fifo"
    ours = f"--port {port} --chain-id {chain_id}"
    return [str(binary()), *flags.split(), *money.split(), *finality.split(), *ours.split(), *more]
