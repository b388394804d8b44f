"""Where messages may go: to public addresses over https, and to this machine only where the town is a trial.

A partner's address is written by people and resolved by a name server of somebody else. Were it followed blindly, it
could lead to machines inside the town hall (server-side request forgery): so the address is looked up once, each answer
must be public, and the connection is made to just that answer.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from marketplace.kit.refusals import Invalid, Rejected, Unavailable

LONGEST = 500
HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
"""A name with a dot, in ASCII (RFC 1123): no number, which needs no certificate and could be written in many ways."""
INSIDE = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".test", ".invalid")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052): an IPv4 address, maybe a private one, in disguise."""


class BadAddress(Invalid):
    code = "bad_address"
    message = "送り先は、https:// で始まる公開の住所を入力してください。"


@dataclass(frozen=True)
class Target:
    """`path` begins with a slash and has the query in it."""

    secure: bool
    host: str
    port: int
    path: str


def on_this_machine(base_url: str) -> bool:
    """Whether a site of that address is reached from this machine only: a trial, whose partners may be here, too."""
    return urlsplit(base_url).hostname in LOOPBACK


def target(url: str, *, trial: bool) -> Target:
    """Pure: the parts of an address that may be one of a partner's. BadAddress. `trial` lets loopback in."""
    text = url.strip()
    if len(text) > LONGEST or any(sign.isspace() or not sign.isprintable() for sign in text):
        raise BadAddress(field="url")
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna").decode().lower(), parts.port
    except (ValueError, UnicodeError):
        raise BadAddress(field="url") from None
    if parts.username or parts.password or parts.fragment:
        raise BadAddress("住所に、利用者名や # より後ろの部分を入れないでください。", field="url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise BadAddress("住所は、英数字と記号で入力してください。", field="url")
    if trial and host in LOOPBACK and parts.scheme in ("http", "https"):
        return Target(parts.scheme == "https", host, port or (443 if parts.scheme == "https" else 80), path)
    if parts.scheme != "https" or port not in (None, 443) or not HOST.fullmatch(host) or host.endswith(INSIDE):
        raise BadAddress(field="url")
    return Target(True, host, 443, path)


def public(address: str) -> bool:
    """Pure: whether anybody on the internet can be there. IPv4 that is written as IPv6 is looked at as IPv4."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in TRANSLATED:
            return public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        hidden = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if hidden is not None:
            return public(str(hidden))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def looked_up(where: Target, *, trial: bool) -> str:
    """An address at which `where` is now. Rejected where any answer is not public; Unavailable where there is none."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise Unavailable("送り先の名前が見つかりません") from None
    if trial and where.host in LOOPBACK:
        return next(each for each in sorted(found) if ipaddress.ip_address(each).is_loopback)
    if not found or not all(public(each) for each in found):
        raise Rejected("送り先が、公開の住所ではありません")
    return sorted(found, key=lambda each: (":" in each, each))[0]
