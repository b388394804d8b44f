"""How Stripe says no. https://docs.stripe.com/api/errors

Refusal
├── invalid()          400 invalid_request_error   the request makes no sense or comes too late
├── unknown()          404 invalid_request_error   no such object
├── unauthorised()     401 invalid_request_error   no key, or a key that is no test key
├── declined()         402 card_error              the card's bank said no
├── key_reused()       400 idempotency_error       one idempotency key, two different requests
└── key_in_use()       409 idempotency_error       one idempotency key, two requests at once
"""

from typing import Any


class Refusal(Exception):
    """An answer that is an error: `status` is the HTTP status, `error` the object inside `{"error": …}`."""

    def __init__(self, status: int, kind: str, message: str, code: str | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {
            k: v for k, v in {"type": kind, "message": message, "code": code, **more}.items() if v is not None
        }

    @property
    def kept(self) -> bool:
        """Whether an idempotency key remembers this answer: refusals of the parameters themselves are forgotten."""
        return self.error["type"] != "invalid_request_error" or "param" not in self.error


def invalid(message: str, code: str | None = None, **more: Any) -> Refusal:
    return Refusal(400, "invalid_request_error", message, code, **more)


def unknown(kind: str, key: str, param: str = "id") -> Refusal:
    return Refusal(404, "invalid_request_error", f"No such {kind}: '{key}'", "resource_missing", param=param)


def unauthorised(message: str) -> Refusal:
    return Refusal(401, "invalid_request_error", message)


def declined(message: str, code: str, decline_code: str | None = None, **more: Any) -> Refusal:
    return Refusal(402, "card_error", message, code, decline_code=decline_code, **more)


def key_reused(key: str) -> Refusal:
    return Refusal(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request.",
    )


def key_in_use(key: str) -> Refusal:
    return Refusal(
        409,
        "idempotency_error",
        f"There is currently another in-progress request using this Idempotent Key: {key}. Please try again later.",
        "idempotency_key_in_use",
    )
