"""Every knob, in one frozen place, from the environment (or DATA_DIR/hiroba.env, written by scripts/run)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from flask import current_app
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from marketplace.kit.languages import Language, language
from marketplace.settings.budgets import Budget
from marketplace.settings.refusing import on_this_machine, unsafe

Said = Annotated[str, Field(min_length=1)]
"""What people read: nothing is no answer."""
ADDRESS = re.compile(r"(\w+://)(?:[^/\s,@]*@)?([^/\s,?#]*)[^\s,]*")


class Settings(BaseSettings):
    """Read once at start. Names are the environment's, lower-cased here."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        ignored_types=(cached_property,),
        hide_input_in_errors=True,  # what is wrong may be a key
    )

    data_dir: Path = Path("data")
    """Where the embedded default keeps its database, keys, mails and snapshots."""
    secret_key: SecretStr = SecretStr("")
    """Signs sessions and forms. scripts/run makes one; a real town sets its own."""
    bid_key: SecretStr = SecretStr("")
    """Seals what people bid until the close. Empty: made from SECRET_KEY. Whoever has the database and this key can
    read open bids, so keep it elsewhere than the backups; don't change it while an auction is open."""
    bids_per_minute: int = Field(default=60, ge=1)
    """How often one person may send a bid."""
    turns_at_once: int = Field(default=100, ge=1)
    """How many people of one waiting room may be choosing to buy at the same time; docs/scale.md says what a machine
    bears."""
    turn_minutes: int = Field(default=10, ge=1)
    """How long somebody who was called from a waiting room may take to begin a purchase."""
    base_url: str = "http://127.0.0.1:8000"
    """The address that buyers see; links in mails begin with it."""
    trusted_proxies: int = Field(default=0, ge=0)
    """How many reverse proxies of ours stand in front, each adding to X-Forwarded-For: then visitors are counted by
    their own address. 0 believes no such header, since anybody can send one."""
    demo: bool = False
    """The demo town: a banner on each page, /dev/mail, /dev/wallet. Never on a real site."""
    rehearsal_mail: str = ""
    """Empty: this is the town. Else it is a copy of one, to rehearse with, and all its letters go to this address; see
    docs/operate.md for what else does not leave it."""

    staff_passkeys: Literal["optional", "required"] = "optional"
    """Whether staff may work without a passkey. Who has registered one signs in with it either way."""
    buyer_passkeys: bool = True
    """Whether everybody may register passkeys. Those of staff do not depend on it."""

    oidc_issuer: str = ""
    """Empty: people sign in by mail or passkey only. Else who says who they are, by OpenID Connect:
    https://access.line.me for LINE Login. Buyers only; staff never sign in that way."""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = "LINE"
    """What the button calls it."""

    database_url: str = ""
    """Empty: SQLite in DATA_DIR. Else postgresql://…"""
    queue_url: str = ""
    """Empty: SQLite in DATA_DIR. Else postgresql://… or redis://…"""
    limits_url: str = "memory://"
    """Where rate limits are counted: memory:// by each process for itself, database:// or redis://… by all together."""

    chain_url: str = "http://127.0.0.1:8545"
    chain_id: int = Field(default=706_123, ge=1)
    chain_embedded: bool = False
    """True where the chain is the one that scripts/run starts; its address is then shown at /api/v1/status."""
    chain_confirmations: int = Field(default=0, ge=0)
    """Blocks to wait before an event counts. 0 is right only for a chain of our own."""
    chain_timeout_s: float = Field(default=10, gt=0)
    chain_stuck_s: float = Field(default=60, gt=0)
    """Seconds that a transaction may wait for its block before it is offered with a higher fee."""
    chain_max_fee_gwei: float = Field(default=500, gt=0)
    """What we pay at most for a unit of gas, whatever the chain asks."""
    seaport_addresses: str = ""
    """Seaport contracts whose sales of our rights are read too, comma between. Empty on a chain that has none."""
    withdrawal_cooling_hours: float = Field(default=24, ge=0)
    """Between a holder's wish to take a right to a wallet of their own and the move, which nobody can undo."""
    key_password: SecretStr = SecretStr("")
    """Opens the key files in DATA_DIR/keys. Only the sender needs it."""
    signer_url: str = ""
    """Empty: keys are files here. Else a signing service that speaks eth_signTransaction, e.g. Web3Signer or Clef."""
    signer_addresses: str = ""
    """Whose keys the service has, of each role: town=0x…,fund=0x…,issuer=0x…, … (deploy/keys.env.example)."""

    ipfs_rpc_url: str = ""
    """Kubo RPC of a replica node, e.g. http://127.0.0.1:5001. Empty: blocks live in our database only."""
    ipfs_rpc_token: SecretStr = SecretStr("")
    min_replicas: int = Field(default=0, ge=0)
    """Verified replicas that must hold a listing's metadata before anything of it is minted."""

    beacon_url: str = "https://api.drand.sh,https://drand.cloudflare.com"
    """Where the drand beacon is asked over HTTP, one address after the other. None is trusted: every signature is
    checked. Empty: never asked; staff type the signature in, or throw dice as the notice says."""

    stripe_secret_key: SecretStr = SecretStr("")
    stripe_webhook_secrets: SecretStr = SecretStr("")
    """One or several (comma between, for rotation) whsec_…"""
    stripe_api_base: str = ""
    """Empty: Stripe itself. Else the local Stripe server; must be a loopback address."""
    stripe_live: bool = False
    stripe_timeout_s: float = Field(default=20, gt=0)
    stripe_webhook_tolerance_s: int = Field(default=300, ge=60, le=3600)
    """How old a signature may be. Stripe's own library takes 0 for "of any age"."""

    uploads: Literal["database", "bucket"] = "database"
    """Where the bytes of pictures, documents and made files are put. After a change run `python -m marketplace
    rehouse`."""
    s3_endpoint: str = ""
    """An S3-compatible store, e.g. https://s3.example.jp. Empty: there is none. Each object is for the town
    alone: the bucket must not be public."""
    s3_bucket: str = ""
    s3_region: str = "us-east-1"
    s3_key_id: str = ""
    s3_secret: SecretStr = SecretStr("")
    s3_timeout_s: float = Field(default=5, gt=0)
    """For how long the store may be silent; while it is, all but a page now and then are told so at once."""

    smtp_url: str = ""
    """smtp://user:password@host:587. Empty: mails become files in DATA_DIR/mail."""
    mail_from: str = "hiroba@example.jp"
    """Whom letters come from, with a name or without: まちの権利ひろば <hiroba@town.example.jp>"""

    enclosures_kept_days: int = Field(default=90, ge=1)
    """For how long after the close of a sale that is over the documents of its participants are kept."""

    accounting_kept_years: int = Field(default=10, ge=5)
    """For how long after the end of its fiscal year the papers of an account are kept: the town's own 文書管理規程.
    Claims of and against a town end after five years (地方自治法236条)."""

    notice_days_fixed: int = Field(default=7, ge=0)
    """How many days there are at least between the notice (公告) and the opening; fewer are shown to the approver."""
    notice_days_lottery: int = Field(default=7, ge=0)
    notice_days_ascending: int = Field(default=7, ge=0)
    notice_days_sealed: int = Field(default=10, ge=0)
    """Between the notice and the last day for bids; with fewer a sealed sale is not submitted. The town's contract
    rules (契約規則) have the number; 10 and 5 are those of 予算決算及び会計令 74条, which most follow."""
    notice_days_urgent: int = Field(default=5, ge=0)
    """The same where a sealed sale says why it is urgent."""

    sms_url: str = ""
    """Empty: no short messages, and no lottery asks for a mobile number. `file:` writes them to DATA_DIR/sms, for a
    trial. Else the address of a gateway; see notices/sms.py."""
    sms_token: SecretStr = SecretStr("")

    pages_kept_s: float = Field(default=1, ge=0)
    """How long a process gives a page that is the same for everybody from memory; 0: each is made anew."""
    figures_kept_s: float = Field(default=30, ge=0)
    """How old what a public page adds up over all that ever happened may be; 0: it is added up for each."""
    operator_mail: str = ""
    """Who looks after the machine, comma between: told by mail when a part of it fails, and when it is well again."""
    metrics_token: SecretStr = SecretStr("")
    """A bearer token for /metrics. Empty: only this machine itself may read them."""
    backup_dir: Path | None = None
    """Where `python -m marketplace backup` puts its copies. Empty: DATA_DIR/backups."""
    log_format: Literal["text", "json"] = "text"
    """json: one object on each line of the logs, for a collector, and a line for each request."""

    web_workers: int = Field(default=2, ge=1)
    web_threads: int = Field(default=2, ge=1)
    worker_threads: int = Field(default=2, ge=1)
    patience_s: float = Field(default=4, gt=0)
    """How long a page may have waited for a thread before its visitor is asked to come again in a few seconds."""

    town_name: Said = "月見沢町"
    town_name_en: Said = "Tsukimisawa Town"
    town_pref: Said = "山形県"
    town_office: Said = "月見沢町役場 かせぐ課"
    town_office_en: Said = "Kasegu Section, Tsukimisawa Town Office"
    town_address: Said = "山形県西月見郡月見沢町大字海野510"
    town_address_en: Said = "510 Oaza Umino, Tsukimisawa, Nishitsukimi District, Yamagata"
    town_phone: Said = "0237-00-0000"
    town_mail: Said = "kasegu@town.tsukimisawa.example.jp"
    town_hours: Said = "平日 8:30〜17:15"
    town_hours_en: Said = "weekdays 8:30 am – 5:15 pm"
    accessibility_by: date | None = None
    """By which day people have tested that the pages meet level AA (JIS X 8341-3), e.g. 2028-03-31: the town's
    statement on accessibility says it. Empty: it says that the day is not set."""
    town_representative: Said = "月見沢町長"
    town_representative_en: Said = "Mayor of Tsukimisawa Town"
    payment_agent: str = ""
    """指定納付受託者 (地方自治法 231条の2の3): who takes card payments, as the notice (告示) names them."""
    payment_agent_notice: str = ""
    """That notice: 令和8年月見沢町告示第12号."""
    invoice_number: str = ""
    """The town's number as an issuer of qualified invoices, T and thirteen digits."""
    fund_name: Said = "月見沢町高齢者支援等かせぐ基金"
    fund_name_en: Said = "Tsukimisawa Fund for the Support of Elderly People"
    budgets: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z0-9]{1,16}$")], Budget], Field(min_length=1), NoDecode
    ] = {"general": Budget(name="一般会計")}
    """JSON, e.g. {"general": {"name": "一般会計", "registration": "T…", "registered_from": "2026-10-01"}, "tourism":
    {…}}: where the price of a right may be booked. Receipts are numbered in each by itself. Don't take one out that has
    sold something."""

    @field_validator("accessibility_by", mode="before")
    @classmethod
    def _or_none(cls, told: Any) -> Any:
        return told or None

    @field_validator("budgets", mode="before")
    @classmethod
    def _is_json(cls, told: Any) -> Any:
        """Read here, so that what is no JSON is refused as any other setting is."""
        try:
            return json.loads(told) if isinstance(told, str) else told
        except ValueError as trouble:
            raise ValueError(f"must be JSON, as marketplace/settings/ shows: {trouble}") from trouble

    @field_validator("data_dir", "backup_dir", mode="before")
    @classmethod
    def _is_named(cls, directory: Any, about: ValidationInfo) -> Any:
        """Nothing is a directory to Python: the one that a program happens to be started in."""
        if directory != "":
            return directory
        if about.field_name == "data_dir":
            raise ValueError("must name the town's directory")
        return None

    @property
    def called(self) -> str:
        """The town's name as the reader writes it."""
        return self.town_name_en if language() == Language.EN else self.town_name

    @cached_property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'hiroba.db').resolve()}"

    @cached_property
    def queue(self) -> str:
        return self.queue_url or f"sqlite:///{(self.data_dir / 'queue.db').resolve()}"

    @cached_property
    def backups(self) -> Path:
        return self.backup_dir or self.data_dir / "backups"

    @cached_property
    def in_public(self) -> bool:
        """Whether people from outside come: BASE_URL names another machine than this one itself."""
        return not on_this_machine(self.base_url)

    @cached_property
    def holds_the_chain(self) -> bool:
        """Whether nothing may be sent to the chain: a copy of the town would do there what the town does."""
        return bool(self.rehearsal_mail) and not self.chain_embedded

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        """Nothing starts with knobs that exclude each other, and no real town with those of a trial."""
        if reason := next(unsafe(self), None):
            raise ValueError(reason)
        return self

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Addresses without what opens them: a password, or a path that is a key."""
        for name, value in super().__repr_args__():
            yield name, ADDRESS.sub(r"\1\2/…", value) if isinstance(value, str) and name != "base_url" else value


def settings() -> Settings:
    """The settings of the running application."""
    found = current_app.extensions["hiroba.settings"]
    assert isinstance(found, Settings)
    return found
