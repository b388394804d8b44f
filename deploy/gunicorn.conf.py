"""How a real town's web processes run: `gunicorn -c deploy/gunicorn.conf.py wsgi:app`. scripts/run does the same.

The environment decides: WEB_BIND, WEB_WORKERS (2 for each core), WEB_THREADS (few: more would fight for one lock). What
is no number there is passed over here, so that the settings can refuse it by its name.
"""

import os


def number(name: str, otherwise: int) -> int:
    said = os.environ.get(name, "")
    return int(said) if said.isdecimal() and int(said) else otherwise


wsgi_app = "wsgi:app"
bind = os.environ.get("WEB_BIND") or "127.0.0.1:8000"
workers = number("WEB_WORKERS", 4)
threads = number("WEB_THREADS", 2)
worker_class = "marketplace.supervising.web.Worker"
preload_app = True
"""What all processes share is in memory once."""
worker_tmp_dir = "/dev/shm"  # noqa: S108 -- the sign of life of a process must not wait for a disk
graceful_timeout = 25
"""Seconds for what is being answered when a process is told to stop; systemd and the container wait 30."""
control_socket_disable = True
loglevel = "warning"
