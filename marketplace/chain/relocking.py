"""Another password for the key files: what is signed, and whose address it is, stays."""

from __future__ import annotations

from collections.abc import Callable

from marketplace.chain import keystore
from marketplace.kit.refusals import Rejected
from marketplace.settings import settings
from marketplace.settings.refusing import LEAST_OF_A_PASSWORD, strong


class CannotRelock(Rejected):
    """Why not, before anything was changed."""


def relock(new: str, tell: Callable[[str], None]) -> None:
    """Lock each key file in DATA_DIR/keys under `new` instead of KEY_PASSWORD. Stopped in the middle it is run again,
    with the same one. A worker that runs has its keys open, and goes on.

    Raises CannotRelock, NotOpened.
    """
    here = settings()
    if here.signer_url:
        raise CannotRelock("a signing service has the keys (SIGNER_URL): change what opens them there")
    if not strong(new, LEAST_OF_A_PASSWORD):
        raise CannotRelock(f"the new password must have {LEAST_OF_A_PASSWORD} random characters or more")
    files = sorted((here.data_dir / "keys").glob("*.json"))
    if not files:
        raise CannotRelock(f"there is no key in {here.data_dir / 'keys'}: run this where the worker that signs runs")
    for file in files:
        keystore.relock(file, here.key_password.get_secret_value(), new)
        tell(f"{file.name} is locked under the new password")
    tell("done: set KEY_PASSWORD to it, restart the worker, then python -m marketplace backup --secrets")
