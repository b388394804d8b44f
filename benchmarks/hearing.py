"""python -m benchmarks.hearing: a worker that keeps promises when the bell rings and carries letters, and has no clock.

What time alone makes happen costs the same however many orders there are; without it, what the worker uses is what the
orders cost.
"""

from threading import Event, Thread

from marketplace.application import create_app
from marketplace.worker import carry, hang_bell


def main() -> None:
    app, stop = create_app(), Event()
    huey = hang_bell(app)
    Thread(target=carry, args=(app, stop), daemon=True).start()
    print("hearing", flush=True)  # noqa: T201 -- to whoever started it
    huey.create_consumer(workers=2, periodic=False, initial_delay=0.05, max_delay=0.5, backoff=1.3).run()


if __name__ == "__main__":
    main()
