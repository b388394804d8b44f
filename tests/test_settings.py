"""What a town must not run with does not start, and says which setting is wrong and why; no secret is ever shown."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from marketplace.settings import Settings
from marketplace.settings.refusing import WHO_WE_ARE

HERE = {"base_url": "http://127.0.0.1:8000"}
PUBLIC = {"base_url": "https://hiroba.example.jp", "secret_key": secrets.token_urlsafe(48)}
LIVE: dict[str, Any] = {
    **PUBLIC,
    "stripe_live": True,
    "stripe_secret_key": f"rk_live_{secrets.token_hex(24)}",
    "stripe_webhook_secrets": f"whsec_{secrets.token_hex(24)}",
    "smtp_url": "smtps://hiroba:pw@mail.example.jp",
    "key_password": secrets.token_urlsafe(24),
    "mail_from": "hiroba@town.example.lg.jp",
    "town_mail": "kasegu@town.example.lg.jp",
    **{name: f"our {name}" for name in WHO_WE_ARE},
}
"""A real town, complete and without a fault."""
REHEARSED = {"stripe_secret_key": "sk_test_1", "stripe_api_base": "http://127.0.0.1:12111"}
COPY = {"rehearsal_mail": "operator@example.jp"}
BUCKET = {"s3_bucket": "town", "s3_key_id": "town", "s3_secret": "6Xw1-opens"}
OIDC = {"oidc_client_id": "town", "oidc_client_secret": "6Xw1"}
SEAPORT = "0x0000000000000068F116a894984e2DB1123eB395"
"""Seaport 1.6: https://github.com/ProjectOpenSea/seaport"""

UNSAFE: list[tuple[dict[str, Any], str]] = [
    # real money and a stand-in for it
    ({**LIVE, "stripe_api_base": "http://127.0.0.1:12111"}, "STRIPE_LIVE=1 and STRIPE_API_BASE exclude each other"),
    ({**HERE, "stripe_api_base": "http://192.0.2.1:12111"}, "STRIPE_API_BASE must be a loopback address"),
    ({**HERE, "stripe_api_base": "https://stripe.example.com"}, "STRIPE_API_BASE must be a loopback address"),
    ({**LIVE, "stripe_secret_key": "sk_test_1"}, "STRIPE_LIVE and the kind of STRIPE_SECRET_KEY disagree"),
    ({**HERE, "stripe_secret_key": "sk_live_1"}, "STRIPE_LIVE and the kind of STRIPE_SECRET_KEY disagree"),
    ({**HERE, "stripe_secret_key": "rk_live_1"}, "STRIPE_LIVE and the kind of STRIPE_SECRET_KEY disagree"),
    ({**LIVE, "demo": True}, "DEMO=1 and STRIPE_LIVE=1 exclude each other"),
    # a copy of a town that would act for it
    ({**LIVE, **COPY}, "REHEARSAL_MAIL and STRIPE_LIVE=1 exclude each other"),
    ({**HERE, **COPY, "s3_endpoint": "http://127.0.0.1:9000", **BUCKET}, "REHEARSAL_MAIL needs S3_ENDPOINT and"),
    ({**HERE, **COPY, "ipfs_rpc_url": "http://127.0.0.1:5001"}, "REHEARSAL_MAIL needs S3_ENDPOINT and IPFS_RPC_URL"),
    ({**HERE, "rehearsal_mail": "1"}, "REHEARSAL_MAIL must be one address of mail"),
    ({**HERE, "rehearsal_mail": "a@example.jp, b@example.jp"}, "REHEARSAL_MAIL must be one address of mail"),
    # real money, and what a trial may lack
    ({**LIVE, **HERE}, "STRIPE_LIVE=1 needs the public BASE_URL"),
    ({**LIVE, "stripe_webhook_secrets": ""}, "STRIPE_LIVE=1 needs STRIPE_WEBHOOK_SECRETS"),
    ({**LIVE, "stripe_webhook_secrets": "whsec_"}, "STRIPE_LIVE=1 needs STRIPE_WEBHOOK_SECRETS"),
    ({**LIVE, "stripe_webhook_secrets": f"{LIVE['stripe_webhook_secrets']},"}, "STRIPE_LIVE=1 needs STRIPE_WEBHOOK"),
    ({**LIVE, "smtp_url": ""}, "STRIPE_LIVE=1 needs SMTP_URL"),
    ({**LIVE, "sms_url": "file:"}, "STRIPE_LIVE=1 and SMS_URL=file: exclude each other"),
    ({**LIVE, "chain_id": 31337}, "STRIPE_LIVE=1 and CHAIN_ID=31337 exclude each other"),
    ({**LIVE, "chain_id": 1337}, "STRIPE_LIVE=1 and CHAIN_ID=1337 exclude each other"),
    ({**LIVE, "key_password": "short"}, "STRIPE_LIVE=1 needs a KEY_PASSWORD"),
    ({**LIVE, "key_password": "password" * 4}, "STRIPE_LIVE=1 needs a KEY_PASSWORD"),
    ({**LIVE, "stripe_secret_key": ""}, "STRIPE_LIVE=1 needs STRIPE_SECRET_KEY"),
    ({**LIVE, "mail_from": "hiroba@example.jp"}, "STRIPE_LIVE=1 needs a MAIL_FROM of the town's own"),
    ({**LIVE, "mail_from": "ひろば <hiroba@example.jp>"}, "STRIPE_LIVE=1 needs a MAIL_FROM of the town's own"),
    (
        {name: value for name, value in LIVE.items() if name not in ("town_phone", "fund_name")},
        "STRIPE_LIVE=1 needs TOWN_PHONE, FUND_NAME of the town's own",
    ),
    ({**LIVE, "town_mail": "kasegu@town.tsukimisawa.example.jp"}, "STRIPE_LIVE=1 needs a TOWN_MAIL of the town's own"),
    # a site that others can reach
    ({**PUBLIC, "base_url": "http://hiroba.example.jp"}, "BASE_URL must begin with https"),
    ({**PUBLIC, "base_url": "http://192.168.1.5:8000"}, "BASE_URL must begin with https"),
    ({**PUBLIC, "demo": True}, "DEMO=1 shows everybody all mails"),
    ({**PUBLIC, "secret_key": ""}, "SECRET_KEY must have 32 random characters"),
    ({**PUBLIC, "secret_key": "tsukimisawa"}, "SECRET_KEY must have 32 random characters"),
    ({**PUBLIC, "secret_key": "x" * 64}, "SECRET_KEY must have 32 random characters"),
    ({**PUBLIC, "secret_key": "please-change-me-" * 4}, "SECRET_KEY must have 32 random characters"),
    ({**PUBLIC, "withdrawal_cooling_hours": 0}, "WITHDRAWAL_COOLING_HOURS must be above 0"),
    ({**LIVE, "withdrawal_cooling_hours": 0}, "WITHDRAWAL_COOLING_HOURS must be above 0"),
    ({**HERE, "staff_passkeys": "required"}, "STAFF_PASSKEYS=required needs a BASE_URL with a name"),
    ({**PUBLIC, "bid_key": "1"}, "BID_KEY must have 32 random characters"),
    ({**PUBLIC, "metrics_token": "a"}, "METRICS_TOKEN must have 32 random characters"),
    ({**PUBLIC, "bid_key": PUBLIC["secret_key"]}, "SECRET_KEY, BID_KEY, KEY_PASSWORD and METRICS_TOKEN must differ"),
    ({**LIVE, "key_password": LIVE["secret_key"]}, "SECRET_KEY, BID_KEY, KEY_PASSWORD and METRICS_TOKEN must differ"),
    ({"chain_embedded": True, "chain_url": "https://node.example.jp/v3/6Xw1"}, "CHAIN_EMBEDDED=1 shows CHAIN_URL"),
    # an address that is none
    ({"database_url": "mysql://db/town"}, "DATABASE_URL must begin with sqlite:, postgresql:"),
    ({"queue_url": "http://queue.example.jp"}, "QUEUE_URL must begin with"),
    ({"limits_url": "nowhere"}, "LIMITS_URL must begin with"),
    ({"chain_url": "file:///etc/passwd"}, "CHAIN_URL must begin with http:, https:"),
    ({"smtp_url": "mail.example.jp:587"}, "SMTP_URL must begin with smtp:, smtps:"),
    ({"smtp_url": "https://mail.example.jp"}, "SMTP_URL must begin with smtp:, smtps:"),
    ({"smtp_url": "smtp://hiroba:k#y@mail.example.jp:587"}, "SMTP_URL has no host and port that can be read"),
    ({"smtp_url": "smtp://hiroba:1#y@mail.example.jp:587"}, "SMTP_URL must end with the host and its port"),
    ({"smtp_url": "smtp://hiroba:1/y@mail.example.jp:587"}, "SMTP_URL must end with the host and its port"),
    ({"sms_url": "sms.example.jp"}, "SMS_URL must begin with"),
    ({"limits_url": ""}, "LIMITS_URL must begin with"),
    ({"chain_url": ""}, "CHAIN_URL must begin with http:, https:"),
    ({"chain_url": "http://10.0.0.7:rpc"}, "CHAIN_URL has no host and port"),
    ({"queue_url": "redis://queue:six/0"}, "QUEUE_URL has no host and port"),
    ({"base_url": "https://hiroba.example.jp:https"}, "BASE_URL has no host and port"),
    ({"database_url": "postgresql+psycopg://hiroba@db:five/hiroba"}, "DATABASE_URL has no host and port"),
    ({"database_url": "postgresql+psycopg2://hiroba@db/hiroba"}, "DATABASE_URL must begin with postgresql: or"),
    ({"ipfs_rpc_url": "10.0.0.7:5001"}, "IPFS_RPC_URL must begin with http: or https:"),
    ({"beacon_url": "https://api.drand.sh,drand.cloudflare.com"}, "BEACON_URL must begin with http: or https:"),
    ({"operator_mail": "operator@example.jp, nobody"}, "OPERATOR_MAIL must be addresses"),
    ({"operator_mail": "operator@"}, "OPERATOR_MAIL must be addresses"),
    ({"mail_from": ""}, "MAIL_FROM must be one address of mail"),
    ({**LIVE, "mail_from": "hiroba"}, "MAIL_FROM must be one address of mail"),
    ({"mail_from": "hiroba@town"}, "MAIL_FROM must be one address of mail"),
    ({"mail_from": "町@town.example.jp"}, "MAIL_FROM must be one address of mail"),
    ({"mail_from": "ひろば hiroba@town.example.jp"}, "MAIL_FROM must be one address of mail"),
    ({"mail_from": "ひろば <hiroba>"}, "MAIL_FROM must be one address of mail"),
    ({"mail_from": "hiroba@town.example.jp, kasegu@town.example.jp"}, "MAIL_FROM must be one address of mail"),
    ({"mail_from": "hiroba@town.example.jp\nBcc: all@town.example.jp"}, "MAIL_FROM must be one address of mail"),
    ({"town_mail": "かせぐ課"}, "TOWN_MAIL must be one address of mail"),
    ({**HERE, "stripe_api_base": "file://localhost/etc"}, "STRIPE_API_BASE must be a loopback address"),
    ({**HERE, "stripe_api_base": "http://evil.example\\@127.0.0.1"}, "STRIPE_API_BASE must be a loopback address"),
    ({"base_url": "https://hiroba.example.jp/"}, "BASE_URL must be a scheme and a host"),
    ({"base_url": "https://hiroba.example.jp?a"}, "BASE_URL must be a scheme and a host"),
    ({"base_url": "https://town:pw@hiroba.example.jp"}, "BASE_URL must be a scheme and a host"),
    ({"base_url": "hiroba.example.jp"}, "BASE_URL must be a scheme and a host"),
    ({"base_url": "javascript:alert(1)"}, "BASE_URL must be a scheme and a host"),
    # a database that ends with its process
    ({"database_url": "sqlite://"}, "DATABASE_URL must name a file"),
    ({"database_url": "sqlite:///"}, "DATABASE_URL must name a file"),
    ({"database_url": "sqlite:///:memory:"}, "DATABASE_URL must name a file"),
    ({"database_url": "sqlite+pysqlite:///:memory:"}, "DATABASE_URL must name a file"),
    ({"database_url": "sqlite:///file::memory:?uri=true"}, "DATABASE_URL must name a file"),
    ({"database_url": "sqlite:///file:town?cache=shared&mode=memory&uri=true"}, "DATABASE_URL must name a file"),
    ({"queue_url": "sqlite:///:memory:"}, "QUEUE_URL must name a file"),
    # a chain that takes back what it said, contracts that are none
    ({"chain_id": 137}, "CHAIN_CONFIRMATIONS must be 1 or more on Polygon"),
    ({**LIVE, "chain_id": 8453, "chain_confirmations": 0}, "CHAIN_CONFIRMATIONS must be 1 or more on Base"),
    ({"seaport_addresses": "opensea.io"}, "SEAPORT_ADDRESSES must be addresses"),
    ({"seaport_addresses": SEAPORT[2:]}, "SEAPORT_ADDRESSES must be addresses"),
    ({"seaport_addresses": SEAPORT.replace("DB", "dB")}, "SEAPORT_ADDRESSES must be addresses"),
    ({"seaport_addresses": f"{SEAPORT},{SEAPORT}0"}, "SEAPORT_ADDRESSES must be addresses"),
    ({"signer_addresses": SEAPORT}, "SIGNER_ADDRESSES must be role=0x"),
    ({"signer_addresses": f"town={SEAPORT},issuer=0x1"}, "SIGNER_ADDRESSES must be role=0x"),
    # keys that others would read or use on their way
    ({"ipfs_rpc_url": "http://10.0.0.7:5001", "ipfs_rpc_token": "t"}, "IPFS_RPC_URL must begin with https"),
    ({"ipfs_rpc_url": "https://a.example,http://b.example", "ipfs_rpc_token": "t"}, "IPFS_RPC_URL must begin with"),
    ({"ipfs_rpc_url": "HTTP://10.0.0.7:5001", "ipfs_rpc_token": "t"}, "IPFS_RPC_URL must begin with https"),
    ({"ipfs_rpc_url": "/dns/node.example/tcp/5001/http", "ipfs_rpc_token": "t"}, "IPFS_RPC_URL must begin with https"),
    ({"oidc_issuer": "HTTP://login.example.jp", **OIDC}, "OIDC_ISSUER must begin with https"),
    ({"oidc_issuer": "login.example.jp", **OIDC}, "OIDC_ISSUER must begin with https"),
    ({"chain_url": "http://town:6Xw1@10.0.0.7:8545"}, "CHAIN_URL must begin with https"),
    ({"signer_url": "http://town:6Xw1@10.0.0.7:9000"}, "SIGNER_URL must begin with https"),
    ({"signer_url": "http://10.0.0.7:9000"}, "SIGNER_URL must begin with https"),
    ({"sms_url": "http://sms.example.jp/", "sms_token": "t"}, "SMS_URL must begin with https"),
    ({"s3_endpoint": "http://s3.example.jp", **BUCKET}, "S3_ENDPOINT must begin with https"),
    ({"s3_endpoint": "s3.example.jp", **BUCKET}, "S3_ENDPOINT must begin with https"),
    ({"s3_endpoint": "https://s3.example.jp", **BUCKET, "s3_secret": ""}, "S3_ENDPOINT needs S3_BUCKET, S3_KEY_ID and"),
    ({"uploads": "bucket", **BUCKET}, "UPLOADS=bucket needs S3_ENDPOINT"),
    # several machines, each with a database of its own
    ({"queue_url": "redis://10.0.0.7:6379/0"}, "QUEUE_URL or LIMITS_URL is for several machines"),
    ({"queue_url": "postgresql://10.0.0.7/queue"}, "QUEUE_URL or LIMITS_URL is for several machines"),
    ({"limits_url": "redis://10.0.0.7:6379/1"}, "QUEUE_URL or LIMITS_URL is for several machines"),
]


@pytest.mark.parametrize(("knobs", "reason"), UNSAFE)
def test_an_unsafe_combination_does_not_start_and_says_why(knobs: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(**knobs)
    (error,) = refusal.value.errors()
    assert reason in error["msg"]


@pytest.mark.parametrize(
    "knobs",
    [
        {},
        HERE,
        {**HERE, "demo": True},
        {**HERE, **REHEARSED},
        {**PUBLIC, **REHEARSED, **COPY},
        {**HERE, "stripe_secret_key": "sk_test_1"},
        {"ipfs_rpc_url": "http://127.0.0.1:5001", "ipfs_rpc_token": "t"},
        {"ipfs_rpc_url": "http://10.0.0.7:5001"},
        {"signer_url": "http://127.0.0.1:9000", "signer_addresses": f"town={SEAPORT}, issuer={SEAPORT.lower()}"},
        {"chain_id": 137, "chain_confirmations": 1},
        {"seaport_addresses": f"{SEAPORT}, {SEAPORT.lower()}"},
        {**HERE, "withdrawal_cooling_hours": 0},
        {"mail_from": "まちの権利ひろば <hiroba@town.example.jp>"},
        {"mail_from": '"Town, Office" <hiroba@town.example.jp>', "operator_mail": "a@example.jp b@example.jp"},
        {"database_url": "sqlite:////var/lib/hiroba/memory.db", "queue_url": "sqlite:///queue.db?timeout=5"},
        {"uploads": "bucket", "s3_endpoint": "https://s3.example.jp", **BUCKET},
        {"s3_endpoint": "http://127.0.0.1:9000", **BUCKET},
        {
            "database_url": "postgresql://10.0.0.7/town",
            "queue_url": "redis://10.0.0.7",
            "limits_url": "redis://10.0.0.7",
        },
        PUBLIC,
        {**PUBLIC, "staff_passkeys": "required"},
        {**PUBLIC, **REHEARSED},
        LIVE,
        {**LIVE, "key_password": "", "signer_url": "https://signer.example.jp"},
        {**LIVE, "stripe_webhook_secrets": f"whsec_{'a1b2' * 8}, whsec_{'c3d4' * 8}"},
    ],
)
def test_a_trial_a_public_site_and_a_town_with_real_money_start(knobs: dict[str, Any]) -> None:
    assert Settings(**knobs).stripe_live == knobs.get("stripe_live", False)


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("stripe_webhook_tolerance_s", 0),  # Stripe's library would take a signature of any age
        ("stripe_webhook_tolerance_s", 1_000_000_000),
        ("stripe_timeout_s", 0),
        ("chain_timeout_s", 0),
        ("chain_confirmations", -1),
        ("min_replicas", -1),
        ("budgets", {}),
        ("town_name", ""),  # as the example for a real town has it, until somebody writes it in
    ],
)
def test_a_number_that_would_switch_a_measure_off_or_a_name_that_is_empty_does_not_start(knob: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(**{knob: value})
    (error,) = refusal.value.errors()
    assert error["loc"] == (knob,)


@pytest.mark.parametrize(
    ("name", "value", "knob"),
    [("BUDGETS", "general", "budgets"), ("BUDGETS", "", "budgets"), ("DATA_DIR", "", "data_dir")],
)
def test_a_word_of_the_environment_that_says_nothing_is_refused_by_its_name(
    name: str, value: str, knob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert [each["loc"] for each in refusal.value.errors()] == [(knob,)]


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("database_url", "postgresql+psycopg://hiroba:pa,ss@db.internal/hiroba"),
        ("queue_url", "postgresql://hiroba:pa,ss@db.internal/hiroba"),
        ("smtp_url", "smtp://hiroba:pa,ss@mail.example.jp:587"),
    ],
)
def test_a_comma_in_a_password_is_one_of_its_signs(name: str, url: str) -> None:
    """Of one address: only where several may be named does it stand between them."""
    town: dict[str, Any] = {"database_url": "postgresql+psycopg://hiroba@db.internal/hiroba", name: url}
    assert getattr(Settings(**town), name) == url


def test_an_empty_backup_dir_is_the_one_of_the_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the folder that a program happens to be started in."""
    monkeypatch.setenv("BACKUP_DIR", "")
    assert Settings(data_dir=tmp_path).backups == tmp_path / "backups"


def test_what_is_printed_of_the_settings_opens_nothing() -> None:
    hidden = {
        "secret_key": "6Xw1-signs-6Xw1-signs-6Xw1-signs-6",
        "bid_key": "6Xw1-seals",
        "key_password": "6Xw1-unlocks",
        "database_url": "postgresql://hiroba:6Xw1-database@db.example.jp/town?password=6Xw1-again",
        "queue_url": "redis://:6Xw1-queue@redis.example.jp:6379/0",
        "limits_url": "redis://:6Xw1-limits@redis.example.jp:6379/1",
        "chain_url": "https://node.example.jp/v3/6Xw1-project",
        "signer_url": "https://town:6Xw1-signer@signer.example.jp",
        "ipfs_rpc_url": "https://a.example.jp/6Xw1-node,https://b.example.jp/6Xw1-node",
        "ipfs_rpc_token": "6Xw1-ipfs",
        "stripe_secret_key": "sk_test_6Xw1",
        "stripe_webhook_secrets": "whsec_6Xw1",
        "smtp_url": "smtps://hiroba:6Xw1-mail@mail.example.jp",
        "sms_url": "https://sms.example.jp/6Xw1-account",
        "sms_token": "6Xw1-sms",
        "s3_secret": "6Xw1-opens",
    }
    town = Settings(**hidden)  # type: ignore[arg-type]
    assert "6Xw1" not in f"{town!r} {town}"
    assert "https://node.example.jp/…" in repr(town)
    assert {name: str(value) for name, value in hidden.items()} == {
        name: secret(getattr(town, name)) for name in hidden
    }


def test_a_refusal_does_not_repeat_what_was_set() -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(stripe_secret_key="sk_live_6Xw1", bids_per_minute="6Xw1")
    assert "6Xw1" not in str(refusal.value)


def secret(value: Any) -> str:
    return str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)
