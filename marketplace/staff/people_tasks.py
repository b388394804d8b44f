"""What waits for a second person among the staff: roles, the way back for who lost a passkey or a mailbox, letters."""

from __future__ import annotations

from marketplace.accounts import appointing, recovering, vouching_address
from marketplace.accounts.address_models import AddressChangeState
from marketplace.accounts.models import Role
from marketplace.accounts.names import called
from marketplace.accounts.session import roles_of
from marketplace.gatherings import circulating
from marketplace.staff.tasks import Task


def second_persons(account_id: int) -> list[Task]:
    """Only what this member of staff may confirm."""
    have = roles_of(account_id)
    tasks = []
    for change in appointing.waiting():
        if appointing.may_confirm(change, account_id, have):
            what = f"{called([change.account])[change.account_id]}に「{change.role.ja}」の権限を渡す"
            more = "もうひとりの確認を待っています"
            tasks.append(Task("権限", "warn", what, more, f"/staff/people/{change.account.code}", "確かめる"))
    for row in recovering.waiting():
        if have & recovering.VOUCH and account_id not in (row.account_id, row.asked_by):
            what = f"{called([row.account])[row.account_id]}のパスキーの登録し直し"
            more = "もうひとりの職員が、本人に確かめます"
            href = f"/staff/people/{row.account.code}#recovery"
            tasks.append(Task("登録し直し", "warn", what, more, href, "確かめる"))
    for lost in vouching_address.waiting():
        if have & vouching_address.MAY and lost.state == AddressChangeState.ASKED and account_id != lost.asked_by:
            what = f"{lost.account.code}のメールアドレスの付けかえ"
            more = "もうひとりの職員が、本人を確かめます"
            tasks.append(Task("付けかえ", "warn", what, more, f"/staff/addresses/{lost.account.code}", "確かめる"))
    for letter in circulating.to_confirm(account_id) if have & {Role.DRAFTER, Role.APPROVER} else ():
        what = f"「{letter.title}」を送る前の確認"
        href = f"/staff/circulars/{letter.code}"
        tasks.append(Task("お知らせ", "warn", what, "別の職員が、送ってよいと言っています", href, "読む"))
    return tasks
