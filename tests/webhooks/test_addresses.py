"""No partner's address leads inside the town hall, however it is written and whatever its name leads to."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.refusals import Rejected
from marketplace.webhooks.addresses import BadAddress, Target, looked_up, public, target


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://hooks.example.com/town?key=1", "/town?key=1"),
        ("https://hooks.example.com", "/"),
        ("https://hooks.example.com:443/", "/"),
        (" https://HOOKS.example.com/a ", "/a"),
    ],
)
def test_a_public_name_over_https_is_an_address(url: str, path: str) -> None:
    assert target(url, trial=False) == Target(True, "hooks.example.com", 443, path)


def test_a_japanese_name_is_one_too() -> None:
    assert target("https://観光.example.jp/", trial=False).host == "xn--54q388k.example.jp"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://hooks.example.com:8443/",
        "https://hooks.example.com:x/",
        "https://somebody:secret@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX: 1",
        "https://hooks.example.com/町",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://intranet/",
        "https://printer.local/",
        "https://db.internal/",
        "https://-x.example.com/",
        "https:///x",
        "https://" + "a" * 600 + ".example.com/",
    ],
)
def test_anything_else_is_none(url: str) -> None:
    with pytest.raises(BadAddress):
        target(url, trial=False)


def test_this_machine_is_a_partner_of_a_trial_only() -> None:
    assert target("http://127.0.0.1:8080/x", trial=True) == Target(False, "127.0.0.1", 8080, "/x")
    for url in ("http://10.0.0.1/", "http://example.com/", "http://127.0.0.1.example.com/"):
        with pytest.raises(BadAddress):
            target(url, trial=True)


@given(st.text(max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    for start in ("", "https://", "https://example.com/"):
        try:
            found = target(start + text, trial=False)
        except BadAddress:
            continue
        assert (found.secure, found.port, found.path[0]) == (True, 443, "/")


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.1", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1"),
        *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:a00:1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    ],
)
def test_what_is_not_everybodys_is_not_public(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "203.104.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_what_is_everybodys_is(address: str) -> None:
    assert public(address)


def test_a_name_that_leads_inside_is_not_called_even_beside_a_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(*addresses: str) -> None:
        found: list[Any] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)

    where = target("https://hooks.example.com/", trial=False)
    answers("203.104.1.1")
    assert looked_up(where, trial=False) == "203.104.1.1"
    for inside in ("10.0.0.1", "169.254.169.254", "::1"):
        answers("203.104.1.1", inside)
        with pytest.raises(Rejected):
            looked_up(where, trial=False)
