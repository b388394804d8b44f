"""A name is taken away by two, and the second decides what was on the screen."""

from __future__ import annotations

from flask.testing import FlaskClient

from marketplace.naming import revoking
from marketplace.naming.models import NamingState
from tests import given
from tests.chainlogs import Chain
from tests.naming.stage import announced, naming
from tests.naming.test_views import asked, at_desk
from tests.pages import read, submit


def test_a_revoked_name_is_not_read_any_more(
    chain: Chain, client: FlaskClient, desk: FlaskClient, approver: FlaskClient, hana: int
) -> None:
    naming_id = announced(chain, hana)
    reason = {"reason": "協定第8条による。"}
    assert submit(desk, at_desk(naming_id), reason, action=f"{at_desk(naming_id)}/revocation").status_code == 303
    assert at_desk(naming_id) in read(approver.get("/staff")).links
    answer = submit(approver, at_desk(naming_id), action=f"{at_desk(naming_id)}/revocation/{asked(naming_id)}/confirm")
    assert answer.status_code == 303
    path = naming(naming_id).path
    page = client.get(path)
    assert (page.status_code, "フェリシア" in page.text, "取り消された愛称" in page.text) == (200, False, True)
    assert "フェリシア" not in client.get("/namings").text
    assert client.get(f"{path}/notice.pdf").status_code == 404
    assert approver.get(f"{at_desk(naming_id)}/sign.pdf").status_code == 404


def test_the_revocation_that_is_confirmed_is_the_one_that_was_read(
    chain: Chain, desk: FlaskClient, approver: FlaskClient, hana: int
) -> None:
    """Between the approver's look and her press the asker takes it back and asks with other words."""
    naming_id = announced(chain, hana)
    path, drafter = at_desk(naming_id), given.staff("drafter")
    revoking.ask(naming_id, drafter, "協定第8条による。")
    was_read = f"{path}/revocation/{asked(naming_id)}"
    token = read(approver.get(path)).form(f"{was_read}/confirm").value("csrf_token")
    revoking.withdraw(naming_id, drafter)
    revoking.ask(naming_id, drafter, "友だちに頼まれた。")
    for act in ("confirm", "withdraw"):
        answer = approver.post(f"{was_read}/{act}", data={"csrf_token": token})
        assert (answer.status_code, "友だちに頼まれた。" in answer.text) == (409, True)
    assert naming(naming_id).state == NamingState.IN_FORCE
    assert submit(approver, path, action=f"{path}/revocation/{asked(naming_id)}/confirm").status_code == 303
