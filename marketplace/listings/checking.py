"""What has to be looked at before a sale is announced: made once, shown to whoever writes and to whoever approves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from marketplace.kit.clock import now
from marketplace.kit.refusals import Invalid
from marketplace.listings import legal, notice_period, prepaid
from marketplace.listings.facts import values_of
from marketplace.listings.models import Listing, Mode
from marketplace.rights import promises

TOKEN_YEN = 1_000
"""Below this price a token may be taken for a means of payment (暗号資産), as above a million of them, more than a
listing can have: 金融庁 事務ガイドライン第三分冊 16 I-1-1, of 2023-03-24."""


class Weight(StrEnum):
    FINE = "fine"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list; `field` is the box of the form that it is about."""

    field: str
    what: str
    weight: Weight
    why: str = ""


class NotReady(Invalid):
    """A sale that the list stops."""

    code = "not_ready"


def checks(values: Mapping[str, Any], at: datetime, *, others_yen: int = 0) -> list[Check]:
    """Everything on the list for a sale with these values (as drafting.draft() takes), were it approved at `at`.

    `others_yen`: prepaid.unused_at_most() of its issuer.
    """
    return [
        *_notice(values, at),
        *_hours(values, at),
        *_words(values),
        *_group("legal_basis", "契約の根拠", legal.doubts(values), legal_words(values)),
        *_instrument(values, others_yen),
        *_payment_means(values),
        _has("picture_alt", "絵の説明", values.get("picture_alt"), "目の見えない方に絵が伝わりません。"),
        _has(
            "title_en", "英語の名前と説明", values.get("title_en") and values.get("lead_en"), "英語がまだありません。"
        ),
    ]


def of(listing: Listing) -> list[Check]:
    """The list of a listing as it stands now."""
    return checks(values_of(listing), now(), others_yen=prepaid.unused_at_most(listing.issuer, listing.id))


def refuse_unready(listing: Listing) -> None:
    """NotReady, with the field, where the list stops it."""
    for check in _notice(values_of(listing), now()):
        if check.weight is Weight.STOP:
            raise NotReady(check.why, field=check.field)


def legal_words(values: Mapping[str, Any]) -> str:
    return legal.Basis(values["legal_basis"]).ja if values.get("legal_basis") else ""


def _notice(values: Mapping[str, Any], at: datetime) -> Iterator[Check]:
    opens, period = values.get("opens_at"), notice_period.period(values, at)
    if opens is not None and opens < at:
        yield Check("opens_at", "受付の開始", Weight.WARN, "受付の開始が過ぎています。公開と同時に始まります。")
    if period is None:
        return
    said = f"公告から{period.until}まで{period.days}日です"
    if not period.short:
        yield Check("publish_at", "公告の期間", Weight.FINE, f"{said}（{period.needed}日以上）。")
    elif period.stops:
        why = f"{said}。{period.needed}日以上にしてください。急ぐ理由があるときは、その理由を書くと短くできます。"
        yield Check("closes_at", "公告の期間", Weight.STOP, why)
    else:
        yield Check("publish_at", "公告の期間", Weight.WARN, f"{said}。町の決まりでは{period.needed}日以上です。")
    if reason := str(values.get("urgent_reason") or "").strip():
        yield Check("urgent_reason", "公告を短くする理由", Weight.WARN, reason)


def _hours(values: Mapping[str, Any], at: datetime) -> Iterator[Check]:
    found = notice_period.odd_hours(values, at)
    odd = [Check(field, notice_period.MOMENTS[field], Weight.WARN, why) for field, why in found]
    yield from odd or [Check("opens_at", "日時", Weight.FINE, "夜中や役場の休みの日にかかっていません。")]


def _words(values: Mapping[str, Any]) -> Iterator[Check]:
    found = list(promises.found(values))
    for each in found:
        yield Check(each.field, f"言葉「{each.word}」", Weight.STOP if each.plain else Weight.WARN, each.why)
    if not found:
        yield Check("body_ja", "言葉", Weight.FINE, "値上がりや利益を期待させる言葉は見つかりません。")


def _instrument(values: Mapping[str, Any], others_yen: int) -> Iterator[Check]:
    found = prepaid.finding(values, others_yen)
    weight = Weight.WARN if found.to_do else Weight.FINE
    yield Check("issuer", f"前払式支払手段: {found.instrument.ja}", weight, found.why + found.to_do)


def _payment_means(values: Mapping[str, Any]) -> Iterator[Check]:
    price = values.get("price_yen")
    if Mode(values["mode"]) is not Mode.GRANT and price is not None and price < TOKEN_YEN:
        why = f"{TOKEN_YEN:,}円より安い権利は、支払いに使われると暗号資産と見られることがあります。"
        yield Check("price_yen", "価格", Weight.WARN, why + "条件に「支払いには使えません」と書いてください。")


def _has(field: str, what: str, there: object, why: str) -> Check:
    return Check(field, what, Weight.FINE, "あります。") if there else Check(field, what, Weight.WARN, why)


def _group(field: str, what: str, doubts: Iterator[tuple[str, str]], fine: str) -> Iterator[Check]:
    """Each doubt is a line of its own; without any, one line says that all is well."""
    found = [Check(name, what, Weight.WARN, why) for name, why in doubts]
    yield from found or [Check(field, what, Weight.FINE, fine)]
