"""What partners can hear of: facts that everybody may know, each by the code of its sale."""

from __future__ import annotations

TOPICS = {
    "listing.published": "公告した",
    "listing.opened": "受付を始めた",
    "listing.amended": "内容を変更した（変更公告）",
    "listing.closed": "受付が終わった",
    "listing.completed": "販売が終わった",
    "listing.cancelled": "中止した",
    "listing.suspended": "受付を一時停止した",
    "listing.resumed": "受付を再開した",
    "lottery.drawn": "抽選した",
    "auction.suspended": "入札を一時停止した",
    "auction.resumed": "入札を再開した",
    "auction.closed": "入札が終わった",
    "auction.unsealed": "開札した",
    "auction.drawn": "同じ額の入札を、くじで決めた",
}
PING = "webhook.ping"
"""A message that says nothing: to see whether it arrives."""
