"""python -m marketplace.devstripe --port 12111 --data FILE [--webhook-url URL --webhook-secret whsec_…]"""

import argparse
import sys

# The official client imports its HTTP libraries when it finds them. This process makes no such calls and they cost a
# third of its memory; None in this table is Python's own way to say "not there".
sys.modules["aiohttp"] = sys.modules["requests"] = None  # type: ignore[assignment]

from marketplace.devstripe.server import DevStripe  # noqa: E402  after the line above
from marketplace.kit.termination import when_terminated  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m marketplace.devstripe", description="A local Stripe, play money.")
    parser.add_argument("--port", type=int, default=12111, help="0 takes a free one")
    parser.add_argument("--data", default=":memory:", metavar="FILE", help="SQLite file; without it, nothing is kept")
    parser.add_argument("--webhook-url", help="where every event is posted")
    parser.add_argument("--webhook-secret", help="what the events are signed with, whsec_…")
    given = parser.parse_args()
    if bool(given.webhook_url) != bool(given.webhook_secret):
        parser.error("--webhook-url and --webhook-secret belong together")
    server = DevStripe(given.port, given.data)
    if given.webhook_url:
        server.send_webhooks_to(given.webhook_url, given.webhook_secret)
    when_terminated(server.stop)
    print(f"devstripe is ready: {server.base_url}", flush=True)
    server.run()


if __name__ == "__main__":
    main()
