"""What a process loads before it is asked for anything: each second of it is one that a town waits for its pages."""

import subprocess
import sys

from tests.town import ROOT

SELDOM = {"OpenSSL", "alembic", "jsonschema", "openpyxl", "reportlab", "stripe", "web3", "webauthn"}
"""What is loaded by who first needs it: each takes a twentieth of a start or more, and most processes need none."""
STARTED = f"""
import sys
from marketplace.application import create_app
from marketplace.settings import Settings
create_app(Settings(secret_key="a test's secret", key_password="a password", stripe_webhook_secrets="whsec_test"))
print(*sorted({SELDOM} & set(sys.modules)))
"""


def test_an_application_starts_without_what_is_seldom_needed() -> None:
    started = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, cwd=ROOT, check=True)
    assert started.stdout == "\n"
