"""What a request to an S3-compatible store is signed with: AWS Signature Version 4, all in headers.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from pydantic import SecretStr


@dataclass(frozen=True)
class Signer:
    """Whose key it is, and for which region of the store."""

    key_id: str
    secret: SecretStr
    region: str

    def headers(
        self, method: str, url: str, query: Mapping[str, str], payload: bytes, at: datetime, **more: str
    ) -> dict[str, str]:
        """The headers to send. `url` is without a query, its path of letters that need no escaping; `more` are signed
        too, by their lower-case names."""
        where = urlsplit(url)
        moment, digest = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}", hashlib.sha256(payload).hexdigest()
        signed = {**more, "host": where.netloc, "x-amz-content-sha256": digest, "x-amz-date": moment}
        names = ";".join(sorted(signed))
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        request = "\n".join((method, where.path or "/", spelled(query), lines, names, digest))
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = f"AWS4{self.secret.get_secret_value()}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        signed["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return signed


def spelled(query: Mapping[str, str]) -> str:
    """A query as it is signed, and so as it is sent."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))
