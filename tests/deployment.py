"""The contracts on a chain of a test's own, as ensure_contracts() leaves chain, database and keys.

Half a second of a processor, so it is done once in a process. Each test gets copies: whatever it does to the chain, or
makes it forget, is nothing to the next one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from marketplace.chain.deploying import ensure_contracts
from marketplace.settings import Settings
from tests.apps import another
from tests.databases import Databases
from tests.local_chain import CHAIN_ID, LocalChain, running


@dataclass(frozen=True)
class Deployment:
    database_url: str
    """Of a database to be copied; it lives as long as the deployment."""
    keys: Path
    state: str
    """As anvil_dumpState told it."""

    @contextmanager
    def chain(self, data_dir: Path) -> Iterator[LocalChain]:
        """A chain that holds the contracts, for an application whose data is here: the keys are laid there.

        `forget()` takes it back to an empty one.
        """
        shutil.copytree(self.keys, data_dir / "keys")
        with running() as chain:
            assert chain.ask("anvil_loadState", self.state) is True
            yield chain


@contextmanager
def deploying(settings: Settings, databases: Databases, folder: Path) -> Iterator[Deployment]:
    with databases.copy() as url:
        with running() as chain:
            here = pointed(settings, chain).model_copy(update={"database_url": url, "data_dir": folder})
            with another(here):
                ensure_contracts()
            state = chain.ask("anvil_dumpState")
        yield Deployment(url, folder / "keys", state)


def pointed(settings: Settings, chain: LocalChain, **more: object) -> Settings:
    """`settings`, pointed at the chain."""
    knobs = {"chain_url": chain.url, "chain_id": CHAIN_ID, "chain_embedded": True, **more}
    return settings.model_copy(update=knobs)
