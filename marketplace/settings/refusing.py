"""Settings that are refused before anything starts: those that exclude each other, and those of a trial in a town."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from marketplace.kit.addresses import mistyped
from marketplace.kit.mailboxes import ADDRESS, mailbox
from marketplace.settings.chains import PUBLIC_CHAINS, TESTING_CHAINS

if TYPE_CHECKING:
    from pydantic import ValidationError

    from marketplace.settings import Settings

WHO_WE_ARE = (
    *("town_name", "town_name_en", "town_office", "town_office_en", "town_address", "town_address_en", "town_phone"),
    *("town_representative", "town_representative_en", "fund_name", "fund_name_en"),
)
"""What no two towns have in common."""
HOSTS = (
    *("QUEUE_URL", "LIMITS_URL", "CHAIN_URL", "SIGNER_URL", "SMTP_URL", "SMS_URL", "S3_ENDPOINT", "OIDC_ISSUER"),
    *("DATABASE_URL", "BASE_URL"),
)
SEVERAL_HOSTS = ("BEACON_URL", "IPFS_RPC_URL")
"""With a comma between. In the others it may stand in a password."""
BY_NUMBER = "what is no letter and no digit in a name or password is written by its number there, # as %23"
LEAST_OF_A_PASSWORD = 16
GUESSABLE = re.compile("secret|change|password|example|12345|abcde", re.IGNORECASE)


def in_a_line(wrong: ValidationError) -> str:
    """The first setting that is refused, and why, but never what stands there."""
    first = wrong.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'_'.join(map(str, first['loc'])).upper() or 'Settings'}: {first['msg']}"


def unsafe(town: Settings) -> Iterator[str]:
    """Each combination that is refused: which settings, and why. docs/security.md has them as a table."""
    site, live = urlsplit(town.base_url), town.stripe_live
    stripe_key = town.stripe_secret_key.get_secret_value()
    public = town.in_public
    if site.scheme not in ("http", "https") or not site.hostname or site.username or town.base_url != _origin(site):
        yield "BASE_URL must be a scheme and a host, without a path: https://hiroba.example.jp"
    yield from _no_address(town)
    if town.stripe_api_base and not (
        on_this_machine(town.stripe_api_base)
        and town.stripe_api_base.startswith("http")
        and "@" not in town.stripe_api_base
    ):
        yield "STRIPE_API_BASE must be a loopback address: it is only for the local Stripe server"
    if town.stripe_api_base and live:
        yield "STRIPE_LIVE=1 and STRIPE_API_BASE exclude each other"
    if stripe_key and live != stripe_key.startswith(("sk_live_", "rk_live_")):
        yield "STRIPE_LIVE and the kind of STRIPE_SECRET_KEY disagree"
    if town.rehearsal_mail and live:
        yield "REHEARSAL_MAIL and STRIPE_LIVE=1 exclude each other: a copy of the town would charge its buyers"
    if town.rehearsal_mail and (town.s3_endpoint or town.ipfs_rpc_url):
        yield "REHEARSAL_MAIL needs S3_ENDPOINT and IPFS_RPC_URL to be empty: what lies there is the town's"
    if town.staff_passkeys == "required" and not re.search("[a-z]", site.hostname or ""):
        yield "STAFF_PASSKEYS=required needs a BASE_URL with a name: no address of digits"
    if town.demo and live:
        yield "DEMO=1 and STRIPE_LIVE=1 exclude each other"
    if town.demo and public:
        yield "DEMO=1 shows everybody all mails, so anybody can be staff: BASE_URL must be a loopback address"
    if public and site.scheme != "https":
        yield "BASE_URL must begin with https: else cookies and sign-in codes travel in the clear"
    if (public or live) and not strong(town.secret_key.get_secret_value(), 32):
        yield "SECRET_KEY must have 32 random characters or more: who guesses it can sign in as anybody"
    for name in ("BID_KEY", "METRICS_TOKEN"):
        key = getattr(town, name.lower()).get_secret_value()
        if public and key and not strong(key, 32):
            yield f"{name} must have 32 random characters or more, or be empty: it is there to be tried by everybody"
    keys = [
        getattr(town, name).get_secret_value() for name in ("secret_key", "bid_key", "key_password", "metrics_token")
    ]
    if public and len(set(filter(None, keys))) < len(list(filter(None, keys))):
        yield "SECRET_KEY, BID_KEY, KEY_PASSWORD and METRICS_TOKEN must differ: who learns one has the others"
    if town.chain_embedded and not on_this_machine(town.chain_url):
        yield "CHAIN_EMBEDDED=1 shows CHAIN_URL to everybody: it must be a loopback address"
    if urlsplit(town.chain_url).username and _in_the_clear(town.chain_url):
        yield "CHAIN_URL must begin with https: else what opens it travels in the clear"
    if town.signer_url and _in_the_clear(town.signer_url):
        yield "SIGNER_URL must begin with https: else whoever is between can have anything signed"
    if town.chain_id in PUBLIC_CHAINS and not town.chain_confirmations:
        yield f"CHAIN_CONFIRMATIONS must be 1 or more on {PUBLIC_CHAINS[town.chain_id]}: a new block may be taken back"
    if public and not town.withdrawal_cooling_hours:
        yield "WITHDRAWAL_COOLING_HOURS must be above 0: else nobody can undo the move that somebody else asked for"
    for name, address, token in (
        ("IPFS_RPC", town.ipfs_rpc_url, town.ipfs_rpc_token),
        ("SMS", town.sms_url, town.sms_token),
    ):
        if token.get_secret_value() and any(map(_in_the_clear, _listed(address))):
            yield f"{name}_URL must begin with https: else {name}_TOKEN travels in the clear"
    if town.oidc_issuer and _in_the_clear(town.oidc_issuer):
        yield "OIDC_ISSUER must begin with https://"
    if town.oidc_issuer and not (town.oidc_client_id and town.oidc_client_secret.get_secret_value()):
        yield "OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"
    if town.s3_endpoint and _in_the_clear(town.s3_endpoint):
        yield "S3_ENDPOINT must begin with https: else documents of people travel in the clear"
    if town.s3_endpoint and not (town.s3_bucket and town.s3_key_id and town.s3_secret.get_secret_value()):
        yield "S3_ENDPOINT needs S3_BUCKET, S3_KEY_ID and S3_SECRET"
    if town.uploads == "bucket" and not town.s3_endpoint:
        yield "UPLOADS=bucket needs S3_ENDPOINT"
    if not town.database_url and any(_is_shared(url) for url in (town.queue_url, town.limits_url)):
        yield "QUEUE_URL or LIMITS_URL is for several machines, but the database is one file here: set DATABASE_URL"
    if live:
        yield from _unsafe_with_real_money(town)


def _no_address(town: Settings) -> Iterator[str]:
    """Addresses of a kind that nobody would answer at, or at which something else would."""
    for name, address, schemes in (
        ("DATABASE_URL", town.database_url, ("sqlite", "postgresql")),
        ("QUEUE_URL", town.queue_url, ("sqlite", "postgresql", "redis", "rediss")),
        ("LIMITS_URL", town.limits_url, ("memory", "database", "redis", "rediss")),
        ("CHAIN_URL", town.chain_url, ("http", "https")),
        ("SIGNER_URL", town.signer_url, ("http", "https")),
        ("SMTP_URL", town.smtp_url, ("smtp", "smtps")),
        ("SMS_URL", town.sms_url, ("http", "https", "file")),
    ):
        if (address or name in ("LIMITS_URL", "CHAIN_URL")) and _scheme(address) not in schemes:
            yield f"{name} must begin with {', '.join(f'{scheme}:' for scheme in schemes)}"
    for name in (*HOSTS, *SEVERAL_HOSTS):
        said = getattr(town, name.lower())
        if not all(map(_names_a_host, _listed(said) if name in SEVERAL_HOSTS else [said])):
            yield f"{name} has no host and port that can be read: {BY_NUMBER}"
    for name, asked in (("IPFS_RPC_URL", town.ipfs_rpc_url), ("BEACON_URL", town.beacon_url)):
        if not all(re.match("https?:|/", each, re.IGNORECASE) for each in _listed(asked)):
            yield f"{name} must begin with http: or https:, comma between several"
    if urlsplit(town.smtp_url).path.strip("/") or set("?#") & set(town.smtp_url):
        yield f"SMTP_URL must end with the host and its port: {BY_NUMBER}"
    for name, address in (("DATABASE_URL", town.database_url), ("QUEUE_URL", town.queue_url)):
        if _scheme(address) == "postgresql" and not re.match(r"postgresql(\+psycopg)?:", address):
            yield f"{name} must begin with postgresql: or postgresql+psycopg:, the one driver that is installed"
        if _in_memory(address):
            yield f"{name} must name a file: in memory each process has its own, and loses it when it ends"
    if any(mistyped(each) for each in _listed(town.seaport_addresses)):
        yield "SEAPORT_ADDRESSES must be addresses, 0x and 40 digits, in their own capitals: else no sale is read"
    if any(mistyped(each.partition("=")[2]) for each in _listed(town.signer_addresses)):
        yield "SIGNER_ADDRESSES must be role=0x and 40 digits, in their own capitals: else nothing is signed"
    if not mailbox(town.mail_from):
        yield "MAIL_FROM must be one address of mail, with a name before <it> or without: else no letter is taken"
    if not ADDRESS.fullmatch(town.town_mail):
        yield "TOWN_MAIL must be one address of mail: people are told to write there"
    if town.rehearsal_mail and not ADDRESS.fullmatch(town.rehearsal_mail):
        yield "REHEARSAL_MAIL must be one address of mail, or be empty: all letters of a rehearsal go there"
    if not all(map(ADDRESS.fullmatch, _listed(town.operator_mail))):
        yield "OPERATOR_MAIL must be addresses of mail, comma between: else nobody is told of a fault"


def _unsafe_with_real_money(town: Settings) -> Iterator[str]:
    if not town.stripe_secret_key.get_secret_value():
        yield "STRIPE_LIVE=1 needs STRIPE_SECRET_KEY: else nobody can pay"
    for name in ("MAIL_FROM", "TOWN_MAIL"):
        if re.search(r"[@.]example\.(jp|com|org|net)$", mailbox(getattr(town, name.lower()))):
            yield f"STRIPE_LIVE=1 needs a {name} of the town's own: example.jp is nobody's, and receipts name it"
    unsaid = [name.upper() for name in WHO_WE_ARE if getattr(town, name) == type(town).model_fields[name].default]
    if unsaid:
        yield f"STRIPE_LIVE=1 needs {', '.join(unsaid)} of the town's own: pages and receipts name the town of the demo"
    if on_this_machine(town.base_url):
        yield "STRIPE_LIVE=1 needs the public BASE_URL: buyers come back to it, and Stripe calls it"
    hooks = [secret.strip() for secret in town.stripe_webhook_secrets.get_secret_value().split(",")]
    if not all(len(secret) >= 24 and secret.startswith("whsec_") for secret in hooks):
        yield "STRIPE_LIVE=1 needs STRIPE_WEBHOOK_SECRETS, each whsec_…: else nobody's payment is heard of"
    if not town.smtp_url:
        yield "STRIPE_LIVE=1 needs SMTP_URL: else mails become files, and nobody gets a code or a receipt"
    if town.sms_url == "file:":
        yield "STRIPE_LIVE=1 and SMS_URL=file: exclude each other: no message would leave this machine"
    if town.chain_id in TESTING_CHAINS:
        yield f"STRIPE_LIVE=1 and CHAIN_ID={town.chain_id} exclude each other: that is a number of chains for tests"
    password = town.key_password.get_secret_value()
    if password and not strong(password, LEAST_OF_A_PASSWORD):  # none: only who signs is told it, see chain/keys.py
        yield f"STRIPE_LIVE=1 needs a KEY_PASSWORD of {LEAST_OF_A_PASSWORD} random characters or more, or SIGNER_URL"


def on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _in_the_clear(url: str) -> bool:
    """Whatever is not https may be read on its way, unless it stays on this machine. Not for file:."""
    return _scheme(url) not in ("https", "file") and not on_this_machine(url)


def _names_a_host(url: str) -> bool:
    """Or none at all, as sqlite:, memory: and a socket do."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _in_memory(url: str) -> bool:
    """SQLite without a file, in each of the ways to ask for it: https://sqlite.org/inmemorydb.html"""
    file, _, how = url.partition("?")
    name = file.partition("://")[2].removeprefix("/").removeprefix("file:")
    return _scheme(url) == "sqlite" and (name in ("", ":memory:") or "mode=memory" in how.split("&"))


def _listed(several: str) -> list[str]:
    return several.replace(",", " ").split()


def _is_shared(url: str) -> bool:
    return _scheme(url) in ("redis", "rediss", "postgresql")


def _scheme(url: str) -> str:
    return urlsplit(url).scheme.partition("+")[0]


def _origin(site: SplitResult) -> str:
    return f"{site.scheme}://{site.netloc}"


def strong(key: str, least: int) -> bool:
    """Long enough, not one letter many times, and no word that stands for a key in examples."""
    return len(key) >= least and len(set(key)) >= 10 and not GUESSABLE.search(key)
