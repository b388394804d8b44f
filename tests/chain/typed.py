"""What a person types, in a process of its own."""

import os
import subprocess
import sys

from marketplace.settings import Settings


def command(settings: Settings, *arguments: str) -> "subprocess.Popen[str]":
    """python -m marketplace …, in a process of its own, for this town."""
    plain = {
        name.upper(): str(getattr(settings, name)) for name in ("database_url", "data_dir", "chain_url", "chain_id")
    }
    secret = {"SECRET_KEY": "a test's secret", "KEY_PASSWORD": "a test's password", "CHAIN_EMBEDDED": "1"}
    here, env = [sys.executable, "-m", "marketplace", *arguments], {**os.environ, **plain, **secret}
    return subprocess.Popen(here, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
