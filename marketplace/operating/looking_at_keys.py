"""What the chain knows of the town's keys: who else uses them, and whether they may what they should.

That the chain does not answer, or another does, is told of the chain (looking_outside.py), and here of nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from marketplace.chain import deploying, guarding, identity, register
from marketplace.chain.deploying import ROLES
from marketplace.chain.models import Lane, LaneState
from marketplace.kit.db import db, let_go
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.operating.faults import found
from marketplace.operating.health import Finding
from marketplace.settings import settings


def on_the_chain(deep: bool) -> Iterator[Finding]:
    """`deep` also asks the contracts for each role."""
    deployed = register.contracts()
    let_go()
    try:
        if deployed and not identity.difference():
            yield from _misused()
            yield from _strays()
            yield from _without_roles() if deep else ()
    except (Unavailable, Rejected):
        return


def _misused() -> Iterator[Finding]:
    for key in guarding.misused():
        rights = guarding.rights_touched(key.role)
        yield found("keys.misused", role=key.role, address=key.address, count=key.times, rights=rights)


def _strays() -> Iterator[Finding]:
    """Who has a role and no lane. Of logs that are all read again, some are missing."""
    if register.reading_anew():
        return
    in_office = sa.select(Lane.role, Lane.signer).where(Lane.state != LaneState.RETIRED)
    known = {
        (role, signer) for role, signer in db.session.execute(in_office.where(Lane.chain_id == settings().chain_id))
    }
    for name, power, role in ROLES:
        for address in sorted(register.who_has(name, deploying.role_id(power))):
            if (role, address) not in known:
                yield found("keys.stray", address=address, power=power, name=name, role=role)
    let_go()


def _without_roles() -> Iterator[Finding]:
    serving = sa.select(Lane.role, Lane.signer).where(Lane.state == LaneState.SERVING)
    signers = dict(db.session.execute(serving.where(Lane.chain_id == settings().chain_id)).all())
    let_go()
    for name, power, role in ROLES:
        if role in signers and not deploying.may(signers[role], name, power):
            yield found("keys.no_role", role=role, address=signers[role], power=power, name=name)
