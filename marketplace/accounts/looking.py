"""Who of the staff looked at whose data, on which page. The journal learns codes and numbers, never what was seen."""

from __future__ import annotations

from flask import Response, after_this_request, current_app, request
from sqlalchemy.exc import OperationalError

from marketplace.accounts.session import me
from marketplace.journal.writing import note
from marketplace.kit.db import transaction

LOOK = "look"


def look_at(*whose: str) -> None:
    """Write down that this page shows what the town knows of `whose`: subjects of the journal, 'order:ORD-…'.

    A page about one person is noted under that subject; a list under 'page:<endpoint>', with the subjects in the
    details. Nothing is noted for an empty list. It is written down when the page is made and before it leaves: sooner
    it would have each row on it read again. Where it can't be written down, nothing leaves.
    """
    account = me()
    if not whose:
        return
    page = request.endpoint or ""
    subject, by = whose[0] if len(whose) == 1 else f"page:{page}"[:64], f"staff:{account.code}"

    @after_this_request
    def write_down(response: Response) -> Response:
        try:
            with transaction():
                note(subject, LOOK, by=by, page=page, whose=list(whose))
        except OperationalError as error:  # Flask asks no handler for what fails after the view
            return current_app.make_response(current_app.handle_user_exception(error))
        return response
