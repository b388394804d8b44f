"""The counters to the world outside, made from the settings: chain, IPFS, bytes, card money, mail, short messages, …

Each is made on first use: a web process that never speaks to the chain never imports web3, and a town without a node
of IPFS not its client.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from marketplace.accounts.provider import HttpProvider, Provider
from marketplace.blobs.bucket import Bucket
from marketplace.blobs.models import Place
from marketplace.blobs.signing import Signer
from marketplace.blobs.store import DatabaseStore, Store
from marketplace.chain.node import Node, Web3Node
from marketplace.lotteries.drand import Drand
from marketplace.notices.mail import FileMail, Mail, Rehearsal, SmtpMail
from marketplace.notices.sms import FileSms, GatewaySms, Sms
from marketplace.payments.official import StripeTill
from marketplace.payments.stripe import Till
from marketplace.settings import Settings
from marketplace.webhooks.addresses import on_this_machine
from marketplace.webhooks.courier import Courier, FileCourier, HttpCourier

if TYPE_CHECKING:
    from ipfs.rpc import KuboReplica


class Ports:
    """Handed to create_app(); a test may hand over its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def node(self) -> Node:
        return Web3Node(self.settings.chain_url, self.settings.chain_timeout_s)

    @cached_property
    def till(self) -> Till:
        return StripeTill(self.settings)

    @cached_property
    def mail(self) -> Mail:
        known = self.settings
        mail: Mail = FileMail(known.data_dir / "mail", known.mail_from)
        if known.smtp_url:
            mail = SmtpMail(known.smtp_url, known.mail_from)
        return Rehearsal(mail, known.rehearsal_mail) if known.rehearsal_mail else mail

    @cached_property
    def sms(self) -> Sms | None:
        """None where SMS_URL is empty."""
        url = self.settings.sms_url
        if url == "file:" or (url and self.settings.rehearsal_mail):
            return FileSms(self.settings.data_dir / "sms")
        return GatewaySms(url, self.settings.sms_token.get_secret_value()) if url else None

    @cached_property
    def provider(self) -> Provider | None:
        """None where OIDC_ISSUER is empty."""
        known = self.settings
        if not known.oidc_issuer:
            return None
        return HttpProvider(known.oidc_issuer, known.oidc_client_id, known.oidc_client_secret.get_secret_value())

    @cached_property
    def courier(self) -> Courier:
        """To partners' systems; to one on this machine only where the site itself is on none other."""
        if self.settings.rehearsal_mail:
            return FileCourier(self.settings.data_dir / "webhooks")
        return HttpCourier(trial=on_this_machine(self.settings.base_url))

    @cached_property
    def stores(self) -> dict[Place, Store]:
        """Where bytes may lie; no bucket where S3_ENDPOINT is empty."""
        known = self.settings
        found: dict[Place, Store] = {Place.DATABASE: DatabaseStore()}
        if known.s3_endpoint:
            signer = Signer(known.s3_key_id, known.s3_secret, known.s3_region)
            found[Place.BUCKET] = Bucket(known.s3_endpoint, known.s3_bucket, signer, known.s3_timeout_s)
        return found

    @cached_property
    def ipfs_nodes(self) -> dict[str, KuboReplica]:
        """The nodes that hold copies of what we publish, by name; none where IPFS_RPC_URL is empty."""
        token = self.settings.ipfs_rpc_token.get_secret_value() or None
        urls = self.settings.ipfs_rpc_url.replace(",", " ").split()
        if not urls:
            return {}
        from ipfs.rpc import KuboReplica  # noqa: PLC0415 -- see above

        return {node.name: node for node in (KuboReplica(url, token=token) for url in urls)}

    @cached_property
    def beacon(self) -> Drand:
        """Where the public randomness of draws is fetched; nowhere where BEACON_URL is empty."""
        return Drand(self.settings.beacon_url.replace(",", " ").split())
