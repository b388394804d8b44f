"""What the office hears: public facts of the offices below, and its own promises to send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marketplace.auctions.models import Auction
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.lotteries.models import Lottery
from marketplace.outbox.promising import handles
from marketplace.webhooks import sending
from marketplace.webhooks.topics import TOPICS

handles("webhook.due")(sending.attempt)


def code_of(**ids: Any) -> str:
    """The code of the sale that a fact is about."""
    if "lottery_id" in ids:
        return get(Lottery, ids["lottery_id"]).code
    if "auction_id" in ids:
        return get(Auction, ids["auction_id"]).code
    return get(Listing, ids["listing_id"]).code


def listener(topic: str) -> Callable[..., None]:
    """A handler of its own for each topic: the outbox knows it by its name."""

    def hear(**ids: Any) -> None:
        code = code_of(**ids)
        which = ids.get("amendment_id", ids.get("since"))  # what may happen to one sale more than once
        sending.tell(topic, code, f"{topic}:{code}" + (f":{which}" if which else ""))

    hear.__qualname__ = f"hear_{topic.replace('.', '_')}"
    return handles(topic)(hear)


HEARD = {topic: listener(topic) for topic in TOPICS}
