"""How gunicorn runs our threads: `--worker-class marketplace.supervising.web.Worker`."""

from __future__ import annotations

from gunicorn.workers.gthread import ThreadWorker

from marketplace.kit.backpressure import Line


class Worker(ThreadWorker):  # type: ignore[misc]
    """gthread, whose threads know how long a request has waited for them: see kit/backpressure.py."""

    def get_thread_pool(self) -> Line:
        return Line(max_workers=self.cfg.threads)
