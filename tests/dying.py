"""Workers that are killed before their first statement to the database, before their second, and so on."""

from __future__ import annotations

import os
import signal
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.application import create_app
from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from marketplace.kit.sheets import SHEETS
from marketplace.outbox import keeping
from marketplace.settings import Settings

MOST = 400


class Death:
    """SIGKILL to this process before its `left`-th statement or commit from now on."""

    def __init__(self, left: int) -> None:
        self.left = left

    def come(self, *_: Any, **__: Any) -> None:
        self.left -= 1
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def die_at_each_step(settings: Settings, sheet: str, at: datetime) -> None:
    """Exits with 0 as soon as one has lived through a turn of that sheet and all letters; with 1 if none ever does.

    How many died before is in DATA_DIR/deaths. Each is a process of its own: a fork of this one, which has no threads.
    A minute passes between two of them, so that what the dead one had claimed is free again.
    """
    app = create_app(settings)
    with app.app_context():
        db.engine.dispose()
    for step in range(1, MOST):
        child = os.fork()
        if child == 0:
            with app.app_context(), pretending(at + timedelta(minutes=step)):
                death = Death(step)
                for event in ("before_cursor_execute", "commit"):
                    sa.event.listen(db.engine, event, death.come)
                SHEETS[sheet].run()
                while keeping.drain():
                    pass
                os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            (settings.data_dir / "deaths").write_text(str(step - 1))
            os._exit(os.WEXITSTATUS(status))
    os._exit(1)
