"""What the API answers, as types. The OpenAPI document is written from these, and every answer is one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from marketplace.kit.clock import jst

Moment = Annotated[
    datetime,
    PlainSerializer(lambda at: jst(at).isoformat(timespec="seconds"), return_type=str),
    Field(json_schema_extra={"format": "date-time", "examples": ["2026-11-25T20:00:00+09:00"]}),
]
"""ISO 8601 in Japan time, with its offset."""
Yen = Annotated[int, Field(description="whole yen")]
ADDRESS = "^0x[0-9a-fA-F]{40}$"
Address = Annotated[str, Field(pattern=ADDRESS, description="with the capitals of EIP-55")]
Hash = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


T = TypeVar("T", bound=Answer)


class Page(Answer, Generic[T]):
    items: list[T]
    next: Annotated[str | None, Field(description="give it as `cursor` to get what follows; null at the end")]


class Text(Answer):
    ja: str
    en: str


class Listing(Answer):
    code: Annotated[str, Field(examples=["LST-7K3M9Q"])]
    kind: Literal["resident", "card", "lecture", "naming", "certificate", "experience"]
    mode: Literal["fixed", "lottery", "ascending", "sealed", "grant"]
    state: Annotated[
        Literal["published", "open", "suspended", "closed", "completed", "cancelled"],
        Field(description="of the sale; while bids alone are stopped, their own `state` says so"),
    ]
    title: Text
    lead: Text
    price_yen: Annotated[Yen, Field(description="tax included; the start price of an auction; 0 for a grant")]
    quantity: int
    remaining: Annotated[int, Field(description="units that nobody bought and nobody holds at this moment")]
    held: Annotated[int, Field(description="units that somebody is paying for at this moment")]
    sold: int
    per_person_limit: int
    published_at: Annotated[Moment, Field(description="when it was announced")]
    opens_at: Moment
    closes_at: Annotated[
        Moment | None, Field(description="as announced; null: no end; what moves an auction's is in its bids")
    ]
    draw_at: Moment | None
    transferable: bool
    tradable_from: Moment | None
    royalty_bps: Annotated[int, Field(description="share of a resale price for the fund, in 1/10,000")]
    metadata_uri: Annotated[str | None, Field(description="directory; token n of the series is <n>.json in it")]
    document_uri: Annotated[str | None, Field(description="the document itself, where there is only one token")]
    text_hash: Annotated[str | None, Field(description="SHA-256 of the approved text of the sale")]
    series_id: int
    contract: Address | None
    chain_id: int
    url: str


class Bids(BaseModel):
    """`auction-v1` or `sealed-v1`: until the decision what all may see, after it the log that anybody can replay."""

    model_config = ConfigDict(extra="allow")
    version: Literal["auction-v1", "sealed-v1"]
    code: str
    state: str
    start: Yen
    close: Annotated[int, Field(description="seconds from the opening")]
    bids: list[dict[str, Any]]
    result: dict[str, Any] | None
    opens_at: Annotated[Moment | None, Field(description="until the decision")] = None
    closes_at: Annotated[Moment | None, Field(description="until the decision; bids near the end move it")] = None
    arrivals: Annotated[int | None, Field(description="until the decision: bids that came, refused ones too")] = None
    head: Annotated[str | None, Field(description="the end of the chain of bids, of `arrivals` of them")] = None
    price: Annotated[int | None, Field(description="until the decision, of an open auction; null before a bid")] = None
    leader: Annotated[str | None, Field(description="until the decision, of an open auction; null before a bid")] = None
    minimum: Annotated[int | None, Field(description="the least that the next bid must name; null after the last")] = (
        None
    )


class Draw(BaseModel):
    """`draw-v1`: the bundle that anybody can recompute; `randomness` is null before the draw."""

    model_config = ConfigDict(extra="allow")
    version: Literal["draw-v1"]
    code: str
    state: str
    draw_at: Moment
    groups: Annotated[list[str], Field(description="where groups are drawn apart, each is asked for as `group`")]
    n: Annotated[int, Field(description="entries: one for each person")]
    commit: dict[str, Any] | None
    randomness: str | None
    beacon: dict[str, Any] | None
    entries: list[dict[str, Any]]
    result: dict[str, Any] | None


class Transfer(Answer):
    kind: Literal["issue", "sale", "transfer", "revocation"]
    from_: Annotated[Address, Field(alias="from", serialization_alias="from")]
    to: Address
    price_yen: Yen | None
    royalty_yen: Yen | None
    tx: Hash
    log_index: int
    block: int
    at: Moment


class Offer(Answer):
    listing_id: Annotated[int, Field(description="names the offer in ResaleMarket.buy")]
    seller: Address
    price_yen: Yen
    expires_at: Moment


class Token(Answer):
    contract: Address
    token_id: int
    series_id: int
    serial: int
    state: Literal["held", "revoked"]
    owner: Annotated[Address | None, Field(description="null where the right was revoked")]
    in_custody: Annotated[bool, Field(description="kept by the town for an account without a wallet")]
    listing: str
    metadata_uri: Annotated[str | None, Field(description="as the contract's tokenURI answers")]
    mint_tx: Hash
    minted_at: Moment
    offer: Annotated[Offer | None, Field(description="what it can be bought for now, from any wallet")]
    transfers: list[Transfer]


class Resale(Answer):
    contract: Address
    token_id: int
    seller: Address
    buyer: Address
    price_yen: Yen
    royalty_yen: Yen
    marketplace: Annotated[str, Field(description="hiroba: our own contract; seaport: elsewhere")]
    excluded: Annotated[
        Literal["self", "round_trip", "funded"] | None, Field(description="why the figures leave the sale out")
    ]
    listed_at: Moment | None
    tx: Hash
    log_index: int
    block: int
    at: Moment


class Figures(Answer):
    """What was sold, but for the sales that are left out; `holders` is null where it is between 1 and 4."""

    sales: int
    volume_yen: Yen
    median_yen: Yen | None
    floor_yen: Annotated[Yen | None, Field(description="the lowest price that is on offer")]
    offered: int
    issued: int
    holders: int | None
    royalties_yen: Annotated[Yen, Field(description="what all sales really brought the fund")]
    royalties_expected_yen: Annotated[Yen, Field(description="what the rights' own rate asks of all sales")]
    excluded: Annotated[dict[str, int], Field(description="sales left out, by reason")]


class Series(Answer):
    right: str
    series_id: int
    title: Text
    figures: Figures


class Market(Answer):
    chain: Annotated[int, Field(description="the block up to which sales are counted")]
    town: Figures
    series: list[Series]


class Book(Answer):
    account: str
    title_ja: str
    yen: Annotated[int, Field(description="debit positive")]


class Month(Answer):
    month: Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}$", description="in Japan")]
    collected_yen: int
    fees_yen: int
    refunded_yen: int
    disputed_yen: Annotated[int, Field(description="what payers' banks took back, less what they gave back")]


class Use(Answer):
    """What the fund is for, as it was planned (予算) and spent."""

    fiscal_year: Annotated[int, Field(description="from 1 April to 31 March")]
    purpose: str
    planned_yen: Yen
    spent_yen: Yen


class Fund(Answer):
    """The fund, from the ledger: gross, fees and refunds stand apart and are never netted."""

    name: str
    balanced: bool
    collected_yen: Annotated[Yen, Field(description="収納: paid by buyers")]
    fees_yen: Annotated[Yen, Field(description="kept by the card company")]
    refunded_yen: Yen
    disputed_yen: Yen
    kept_yen: Annotated[Yen, Field(description="collected less fees, refunds and disputes")]
    revenue_yen: Annotated[Yen, Field(description="歳入: of this, recognised as the town's revenue")]
    set_aside_yen: Annotated[Yen, Field(description="積立: of this, budgeted for the fund")]
    fund_yen: Annotated[Yen, Field(description="基金: of this, paid in")]
    spent_yen: Annotated[Yen, Field(description="支出: of this, spent for the purposes below")]
    left_yen: Annotated[Yen, Field(description="what is in the fund now")]
    at_stripe_yen: Yen
    in_bank_yen: Yen
    forfeited_yen: Annotated[Yen, Field(description="違約金: of what was collected, deposits that fell to the town")]
    deposits_yen: Annotated[Yen, Field(description="保管金: bidders' deposits in custody, apart from all the rest")]
    held_count: Annotated[int, Field(description="deposits that only the bidders' banks hold, off the book")]
    held_yen: Yen
    uses: list[Use]
    accounts: list[Book]
    months: list[Month]


class Chain(Answer):
    rpc: Annotated[str, Field(description="given only where the chain is our own, on this machine")] = ""
    chain_id: int
    contracts: dict[str, Address]
    followed_block: int
    head_block: int


class Replica(Answer):
    node: str
    root: str
    state: Literal["waiting", "verified", "lost"]
    verified_at: Moment | None


class Ipfs(Answer):
    roots: list[str]
    replicas: list[Replica]


class Ledger(Answer):
    balanced: bool


class Status(Answer):
    chain: Chain
    ipfs: Ipfs
    ledger: Ledger


class Problem(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    code: Annotated[str, Field(description="for programs: bad_cursor, bad_filter, bad_limit, too_often, or the status")]
