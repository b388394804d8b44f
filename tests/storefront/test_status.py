"""What is kept where, in public: never more than was checked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import db, transaction
from marketplace.metadata import auditing
from marketplace.metadata.models import PictureFile, Pin, Replica, ReplicaState, blocks
from marketplace.settings import Settings
from tests import given
from tests.ipfs.kubo_double import KuboDouble
from tests.pages import read


@pytest.fixture
def kubo() -> Iterator[KuboDouble]:
    with KuboDouble() as kubo:
        yield kubo


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    if "kubo" not in request.fixturenames:
        return settings
    return settings.model_copy(update={"ipfs_rpc_url": request.getfixturevalue("kubo").url})


def words(client: FlaskClient) -> str:
    answer = client.get("/status")
    assert answer.status_code == 200
    return read(answer).words


def pins() -> list[int]:
    return list(db.session.scalars(sa.select(Pin.id).order_by(Pin.id)))


def test_before_anything_is_published(app: Flask, client: FlaskClient) -> None:
    assert "まだ控えはありません" in words(client)


def test_every_page_leads_to_it(app: Flask, client: FlaskClient) -> None:
    assert "/status" in read(client.get("/")).links


def test_without_a_node_nothing_is_said_to_be_on_ipfs(app: Flask, client: FlaskClient) -> None:
    given.a_listing()
    assert "これから点検" in words(client)
    auditing.audit(*pins())
    page = words(client)
    assert "町のサーバー（IPFSネットワークには未公開）" in page
    assert "すべてそろっています" in page
    assert "IPFSネットワークの" not in page


def test_a_copy_is_counted_from_its_check_until_it_is_lost(kubo: KuboDouble, app: Flask, client: FlaskClient) -> None:
    given.a_listing()
    assert "町のサーバーと、IPFSネットワークの1か所" in words(client)
    with transaction() as session:
        session.execute(sa.update(Replica).values(state=ReplicaState.LOST))
    assert "町のサーバー（IPFSネットワークには未公開）" in words(client)


def test_what_is_missing_is_said(app: Flask, client: FlaskClient) -> None:
    given.a_listing()
    with transaction() as session:
        session.execute(sa.delete(blocks))
        session.execute(sa.delete(PictureFile))
    auditing.audit(*pins())
    page = words(client)
    assert ("1個が欠けています" in page, "1件を直しています" in page) == (True, True)
    assert "すべてそろっています" not in page


def test_a_right_that_is_not_announced_yet_is_not_named(app: Flask, client: FlaskClient) -> None:
    given.a_listing(state="approved", title_ja="まだ秘密の権利")
    assert len(pins()) == 1
    assert "まだ秘密の権利" not in words(client)


def test_twenty_stand_on_a_page_the_newest_first(app: Flask, client: FlaskClient) -> None:
    for n in range(1, 22):
        given.a_listing(title_ja=f"権利その{n}")
    shown = [re.findall("権利その([0-9]+) 第", client.get(f"/status?page={page}").text) for page in (1, 2)]
    assert shown == [[str(n) for n in range(21, 1, -1)], ["1"]]
