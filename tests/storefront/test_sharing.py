"""The card beside a link, and the papers that a holder keeps."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given as every
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from marketplace.accounts.introducing import introduce
from marketplace.accounts.models import Account
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.settings import Settings
from marketplace.storefront.keepsake import keepsake
from marketplace.storefront.share_card import ROOM, _length, draw, wrapped
from marketplace.storefront.sharing import facts_of
from tests import given
from tests.chainlogs import Chain
from tests.metadata.pictures import encoded, photo
from tests.pages import read
from tests.resale.stage import held_token, token


def shape(data: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.format, picture.size


@pytest.mark.parametrize("mode", ["fixed", "lottery", "ascending"])
def test_a_link_to_a_sale_shows_its_card(client: FlaskClient, settings: Settings, mode: str) -> None:
    path = f"/listings/{get(Listing, given.a_listing(mode)).code}"
    page, card = client.get(path).text, client.get(f"{path}/card.png")
    assert f'<meta property="og:image" content="{settings.base_url}{path}/card.png">' in page
    assert (card.mimetype, shape(card.data)) == ("image/png", ("PNG", (1200, 630)))
    assert len(card.data) < 300_000


@pytest.mark.parametrize(
    ("closes", "said"), [("2026-12-12T00:00", "12月11日(金)"), ("2026-12-12T17:00", "12月12日(土)")]
)
def test_the_card_names_the_last_day_of_a_sale(app: Flask, closes: str, said: str) -> None:
    """Who comes on the 12th to a sale that is over at its first moment comes a day too late."""
    closes_at = datetime.fromisoformat(closes).replace(tzinfo=JST)
    with pretending(closes_at - timedelta(days=5)):
        listing = get(Listing, given.a_listing("ascending", "naming", closes_at=closes_at))
        assert facts_of(listing) == ["オークション　3,000円から", "全1点", f"受付は {said} まで"]


def test_what_is_not_public_has_no_card(client: FlaskClient) -> None:
    assert client.get(f"/listings/{get(Listing, given.a_listing(state='approved')).code}/card.png").status_code == 404


def test_a_token_has_a_card_and_its_holder_alone_a_certificate(app: Flask, client: FlaskClient, chain: Chain) -> None:
    hana = given.an_account()
    introduce(hana, "最上 花子", "", "東京都")
    path = str(token(held_token(chain, hana)).path)
    assert shape(client.get(f"{path}/card.png").data) == ("PNG", (1200, 630))
    own = given.signed_in(client, hana).get(f"{path}/certificate.pdf")
    assert (own.mimetype, own.data[:5], own.headers["Cache-Control"]) == (
        "application/pdf",
        b"%PDF-",
        "private, no-store",
    )
    assert f"{path}/certificate.pdf" in read(client.get(path)).links
    stranger = given.signed_in(app.test_client(), given.an_account())
    assert stranger.get(f"{path}/certificate.pdf").status_code == 404


@pytest.mark.parametrize(
    ("name", "nickname", "written"),
    [
        ("𠮷田 花子", "はな", "𠮷田 花子 様"),
        ("Nguyễn Thị Ánh", "", "Nguyễn Thị Ánh 様"),
        ("渡邉\U000e0100 花子", "", "渡邉 花子 様"),
        ("محمد", "モハメド", "モハメド 様"),
        ("محمد", "", "お客 様"),
    ],
)
def test_a_certificate_has_the_whole_name_or_another_and_no_holes(
    app: Flask, chain: Chain, name: str, nickname: str, written: str
) -> None:
    hana = given.an_account()
    introduce(hana, name, nickname, "東京都")
    pages = PdfReader(io.BytesIO(keepsake(token(held_token(chain, hana)), get(Account, hana)))).pages
    assert [page.extract_text().count(written) for page in pages] == [1, 1]


def test_a_card_is_drawn_the_same_whichever_font_has_its_letters() -> None:
    """Of a kanji that the first font lacks there is more on the card than of a picture that neither has."""
    picture, dark = encoded(photo(720, 630)), []
    for title in ("🐻🐻", "吉田", "𠮷田"):
        with Image.open(io.BytesIO(draw(picture, "町", title, ()))) as card:
            dark.append(sum(card.convert("L").crop((740, 115, 1200, 400)).histogram()[:128]))
    assert dark[0] == 0
    assert dark[2] == pytest.approx(dark[1], rel=0.3)


def test_a_card_of_a_title_with_a_line_end_is_drawn() -> None:
    assert wrapped("町の\n権利", 42, 4) == ["町の\n権利"]
    assert shape(draw(encoded(photo()), "町", "町の\n権利", ())) == ("PNG", (1200, 630))


@every(st.text(st.characters(categories=("Lo", "Nd"), max_codepoint=0x9FFF), max_size=200), st.integers(1, 4))
def test_no_line_of_a_card_is_wider_than_its_room_and_nothing_is_lost_unsaid(text: str, most: int) -> None:
    lines = wrapped(text, 42, most)
    assert len(lines) <= most
    assert all(_length(line, 42) <= ROOM + 42 for line in lines)
    assert "".join(lines) == text or lines[-1].endswith("…")
