"""A signing service of its own process, as Web3Signer and Clef are: it has the keys, and answers eth_signTransaction.

    python -m tests.chain.signing_service web3signer|clef|liar KEY …

It prints its port and then one address for each key. The liar signs something else than it was asked for.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from eth_account import Account

MANNER, *KEYS = sys.argv[1:] or ["web3signer"]
ACCOUNTS = {account.address: account for account in (Account.from_key(key) for key in KEYS)}


class Service(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer(message)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody listens."""


def answer(message: dict[str, Any]) -> dict[str, Any]:
    [asked] = message["params"]
    account = ACCOUNTS.get(asked.pop("from"))
    if message["method"] != "eth_signTransaction" or account is None:
        return {"error": {"code": -32000, "message": "Signing from this address is not permitted"}}
    if MANNER == "liar":
        asked["to"] = "0x" + "66" * 20
    raw = "0x" + bytes(account.sign_transaction(asked).raw_transaction).hex()
    return {"result": {"raw": raw, "tx": {}} if MANNER == "clef" else raw}


if __name__ == "__main__":
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        sys.stdout.write(" ".join([str(server.server_port), *ACCOUNTS]) + "\n")
        sys.stdout.flush()
        server.serve_forever()
