"""An application of one thread for test_backpressure.py: `/slow` keeps it until the file of HOLD is gone."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

from flask import Flask

from marketplace.kit import backpressure, languages

app = Flask("crowded", template_folder=str(Path(backpressure.__file__).parents[1] / "templates"))
languages.speak(app)
app.jinja_env.globals["town"] = SimpleNamespace(rehearsal_mail="")
hold = Path(os.environ["HOLD"])


@app.get("/slow")
def slow() -> str:
    hold.with_name("held").touch()
    while hold.exists():
        time.sleep(0.01)
    return "done"


@app.route("/", methods=["GET", "POST"])
@app.route("/orders/ORD-1")
@app.route("/listings/LST-1/waiting")
def page() -> str:
    return "here you are"


app.wsgi_app = backpressure.in_front(app, 0.2)  # type: ignore[method-assign, assignment]
