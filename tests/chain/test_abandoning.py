"""A new key that shall not be the one is given up before it signs; and after that, another one leads out. Whatever
state a replacement was left in, a person who types one of two commands comes out of it, and no right is lost or twice.
"""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import guarding, keys, register, rekeying, sending
from marketplace.chain.deploying import ROLES, role_id
from marketplace.chain.models import Call, CallState, Lane, LaneState
from marketplace.journal.models import Entry
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import Settings
from tests.chain import given
from tests.chain.mortal import Act, Mortal
from tests.chain.thief import uses_the_key_of
from tests.chain.typed import command
from tests.local_chain import LocalChain

ANNOUNCED, SERVING, LEAVING, RETIRED = LaneState
MINED = CallState.MINED


def quiet(_line: str) -> None:
    """Nobody listens."""


def announced() -> rekeying.Known:
    """The issuer's new key, which may nothing yet."""
    return rekeying._announced("issuer", rekeying._lanes("issuer")[SERVING])


def with_its_roles() -> rekeying.Known:
    """The issuer's new key, which may all, and does not sign yet."""
    new = announced()
    rekeying._give_the_roles("issuer", new)
    return new


def promised_its_roles() -> rekeying.Known:
    """The issuer's new key, whose roles wait to be sent."""
    new = announced()
    with transaction():
        for name, power in rekeying._powers("issuer"):
            args = [role_id(power), new.signer]
            sending.promise(rekeying._key(new.signer, "grant", name, power), "town", name, "grantRole", args)
    return new


def only(signer: str) -> set[tuple[str, str, str]]:
    return {(name, power, signer) for name, power, who in ROLES if who == "issuer"}


def states() -> list[LaneState]:
    return [state for state, _ in given.lanes_of("issuer")]


def grants_of(signer: str) -> list[CallState]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Call.state).where(Call.key.startswith(rekeying._key(signer, "grant")))))


@pytest.mark.parametrize("how", [announced, promised_its_roles, with_its_roles], ids=lambda how: how.__name__)
def test_a_new_key_that_does_not_sign_yet_is_given_up_and_the_old_one_goes_on(
    deployed: Flask, settings: Settings, how: Callable[[], rekeying.Known]
) -> None:
    given.a_series()
    given.an_issue(1)
    [(_, old)] = given.lanes_of("issuer")
    new = how()
    said: list[str] = []
    rekeying.abandon("issuer", said.append)
    assert given.lanes_of("issuer") == [(SERVING, old), (RETIRED, new.signer)]
    assert given.who_may("issuer") == only(old)
    aside = settings.data_dir / "keys" / f"retired-issuer-{new.signer}.json"
    assert said == [
        f"issuer: {old} signs from now on",
        f"issuer: {new.signer} may do nothing any more; 0 calls that it had signed wait for the new key",
        f"issuer: done; the old key is kept at {aside}",
    ]
    given.an_issue(2)
    given.all_settled()
    assert (given.issued(), guarding.misused(), set(grants_of(new.signer)) - {MINED}) == ([1, 2], [], set())
    given.rekey("issuer")
    [_, _, (state, third)] = given.lanes_of("issuer")
    assert (state, given.who_may("issuer"), third in (old, new.signer)) == (SERVING, only(third), False)


def test_it_is_in_the_journal(deployed: Flask) -> None:
    [(_, old)] = given.lanes_of("issuer")
    new = with_its_roles()
    rekeying.abandon("issuer", quiet)
    rows = db.session.execute(
        sa.select(Entry.event, Entry.details).where(Entry.subject == "key:issuer").order_by(Entry.id)
    )
    assert [(event, details) for event, details in rows] == [
        ("key.announce", {"old": old, "new": new.signer}),
        ("key.abandon", {"signer": new.signer}),
        ("key.retire", {"signer": new.signer}),
    ]


def test_a_new_key_that_was_lost_before_it_signed_is_told_with_the_way_out(deployed: Flask, settings: Settings) -> None:
    [(_, old)] = given.lanes_of("issuer")
    new = with_its_roles()
    (settings.data_dir / "keys" / "issuer-2.json").unlink()
    with pytest.raises(keys.NoKey) as missing:
        keys.known("issuer", new.signer)
    with pytest.raises(Rejected) as caught:
        given.rekey("issuer")
    way_out = "python -m marketplace rekey issuer --abandon"
    assert str(caught.value) == f"{missing.value}. Where it can't be had any more, give this new key up: {way_out}"
    rekeying.abandon("issuer", quiet)
    given.rekey("issuer")
    *_, (_, third) = given.lanes_of("issuer")
    assert (states(), given.who_may("issuer"), third in (old, new.signer)) == (
        [RETIRED, RETIRED, SERVING],
        only(third),
        False,
    )


def test_a_new_key_that_is_lost_as_soon_as_it_signs_is_replaced_by_yet_another(
    deployed: Flask, settings: Settings
) -> None:
    given.a_series()
    given.all_settled()
    with_its_roles()
    rekeying._change_over("issuer")
    (settings.data_dir / "keys" / "issuer-2.json").unlink()
    given.an_issue(1)
    with pytest.raises(Rejected, match=r"signs for issuer already: end it by python -m marketplace rekey issuer, and"):
        rekeying.abandon("issuer", quiet)
    given.rekey("issuer")
    assert states() == [RETIRED, SERVING]
    given.rekey("issuer")
    given.all_settled()
    [*_, (_, third)] = given.lanes_of("issuer")
    assert (states(), given.issued(), given.who_may("issuer")) == ([RETIRED, RETIRED, SERVING], [1], only(third))


def test_what_a_thief_did_with_the_new_key_is_told_until_it_is_given_up(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    given.all_settled()
    new = with_its_roles()
    item = {"to": "0x" + "22" * 20, "serial": 7, "ref": "0x" + "77" * 32}
    uses_the_key_of("issuer", chain, "RightsToken", "issueBatch", 1, [item], signer=new.signer)
    assert [(key.address, key.times) for key in guarding.misused()] == [(new.signer, 1)]
    rekeying.abandon("issuer", quiet)
    assert guarding.misused() == []


def test_a_role_that_the_chain_refused_to_give_is_not_given_afterwards(deployed: Flask) -> None:
    new = promised_its_roles()
    with transaction() as session:
        refused = sa.update(Call).where(Call.key.startswith(rekeying._key(new.signer, "grant")))
        session.execute(refused.values(state=CallState.PARKED, error="refused"))
    rekeying.abandon("issuer", quiet)
    assert (grants_of(new.signer), register.parked(), states()) == ([], [], [SERVING, RETIRED])


def test_whoever_goes_on_with_a_key_that_another_gives_up_gives_it_nothing(deployed: Flask) -> None:
    new = announced()
    rekeying.abandon("issuer", quiet)
    with pytest.raises(Unavailable, match=f"another process gives {new.signer} up just now"):
        rekeying._give_the_roles("issuer", new)
    assert (grants_of(new.signer), {who for _, _, who in given.who_may("issuer")} & {new.signer}) == ([], set())


def test_there_is_nothing_to_give_up_where_no_key_was_announced(deployed: Flask, settings: Settings) -> None:
    with command(settings, "rekey", "issuer", "--abandon") as ended:
        said, wrong = ended.communicate(timeout=120)
    assert (ended.returncode, said, wrong) == (2, "", "there is no new key of issuer to give up\n")


@pytest.mark.parametrize("again", [rekeying.abandon, rekeying.rekey], ids=["abandon", "rekey"])
def test_killed_at_any_moment_and_either_command_goes_on(deployed: Flask, again: Act) -> None:
    given.a_series()
    given.an_issue(1)
    given.all_settled()
    [(_, old)] = given.lanes_of("issuer")
    mortal = Mortal()
    moments, survived = 0, False
    while not survived:
        moments += 1
        new = with_its_roles() if moments % 2 else promised_its_roles()
        survived = mortal.survives(moments, rekeying.abandon)
        with transaction() as session:  # the leases of the dead run out
            session.execute(sa.update(Lane).values(lease_until=0.0))
        if ANNOUNCED in states():
            rekeying.abandon("issuer", quiet)
        elif LEAVING in states():
            again("issuer", quiet)
        assert states() == [SERVING, *[RETIRED] * moments]
        assert given.who_may("issuer") == only(old)
        assert set(grants_of(new.signer)) <= {MINED}
    given.an_issue(2)
    given.all_settled()
    assert (given.issued(), register.parked(), guarding.misused()) == ([1, 2], [], [])
    assert moments > 8  # or it has not died everywhere
