"""A road to a node on which things go wrong: what is asked passes through it, and what is answered may not."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Question = dict[str, Any]
Trouble = Callable[["Traveller", list[Question]], bool]
"""Looks at what is asked; True where it has dealt with it, False where the node shall answer."""


class Road(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, to: int) -> None:
        super().__init__(("127.0.0.1", 0), Traveller)
        self.to = to
        """The port of the node at its end."""
        self.trouble: Trouble | None = None
        self.asked: list[Question] = []
        self.open_again = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[int]:
        """How many blocks each question for logs was about."""
        wanted = [each["params"][0] for each in self.asked if each["method"] == "eth_getLogs"]
        return [int(each["toBlock"], 16) - int(each["fromBlock"], 16) + 1 for each in wanted]


class Traveller(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Road
    batched = False
    """Whether several questions came in one message, so that their answers go in one."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        questions: list[Question] = [asked] if isinstance(asked := json.loads(body), dict) else asked
        self.batched = not isinstance(asked, dict)
        self.server.asked += questions
        if self.server.trouble and self.server.trouble(self, questions):
            return
        self.answer(self.of_the_node(body))

    def of_the_node(self, body: bytes) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.to, timeout=30)
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return connection.getresponse().read()
        finally:
            connection.close()

    def answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody listens."""


@contextmanager
def road(to: int) -> Iterator[Road]:
    server = Road(to)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="road")
    thread.start()
    yield server
    server.open_again.set()
    server.shutdown()
    thread.join()
    server.server_close()


def _logs(questions: list[Question]) -> int:
    """How many blocks of logs are asked for."""
    return sum(
        int(each["params"][0]["toBlock"], 16) - int(each["params"][0]["fromBlock"], 16) + 1
        for each in questions
        if each["method"] == "eth_getLogs"
    )


def closed(traveller: Traveller, _questions: list[Question]) -> bool:
    """Every connection is cut before an answer."""
    traveller.close_connection = True
    return True


def slow(more_than: int) -> Trouble:
    """Questions for logs of more blocks than this are not answered in time."""

    def wait(traveller: Traveller, questions: list[Question]) -> bool:
        if _logs(questions) <= more_than:
            return False
        traveller.server.open_again.wait(20)
        traveller.close_connection = True
        return True

    return wait


def cut_off(more_than: int) -> Trouble:
    """Answers about more blocks than this break off in the middle."""

    def cut(traveller: Traveller, questions: list[Question]) -> bool:
        if _logs(questions) <= more_than:
            return False
        traveller.send_response(200)
        traveller.send_header("Content-Length", "10000")
        traveller.end_headers()
        traveller.wfile.write(b'{"jsonrpc":"2.0","id":1,"result":[{"addr')
        traveller.close_connection = True
        return True

    return cut


def garbled(more_than: int) -> Trouble:
    """Answers about more blocks than this are the words of a machine in between, and no JSON."""

    def garble(traveller: Traveller, questions: list[Question]) -> bool:
        if _logs(questions) <= more_than:
            return False
        traveller.answer(b"<html>response buffer exceeded</html>")
        return True

    return garble


def too_large(more_than: int) -> Trouble:
    """The server in front of the node does not let answers about more blocks than this through."""

    def refuse(traveller: Traveller, questions: list[Question]) -> bool:
        if _logs(questions) <= more_than:
            return False
        traveller.answer(b"", 413)
        return True

    return refuse


def limited(more_than: int) -> Trouble:
    """The node itself gives no more blocks than this, and says so."""

    def refuse(traveller: Traveller, questions: list[Question]) -> bool:
        if _logs(questions) <= more_than:
            return False
        error = {"code": -32005, "message": "query returned more than 10000 results"}
        traveller.answer(json.dumps({"jsonrpc": "2.0", "id": questions[0]["id"], "error": error}).encode())
        return True

    return refuse


def of_chain(chain_id: int) -> Trouble:
    """The node says that it is of another chain."""

    def lie(traveller: Traveller, questions: list[Question]) -> bool:
        if "eth_chainId" not in [each["method"] for each in questions]:
            return False
        answers = json.loads(traveller.of_the_node(json.dumps(questions).encode()))
        for question, answer in zip(questions, answers, strict=True):
            if question["method"] == "eth_chainId":
                answer["result"] = hex(chain_id)
        traveller.answer(json.dumps(answers).encode())
        return True

    return lie


def behind(last: int, used: int = 0) -> Trouble:
    """Who tells of blocks has not come farther than this one yet, where `used` nonces of a signer are used; who takes
    transactions has."""

    def lag(traveller: Traveller, questions: list[Question]) -> bool:
        answers = []
        for question in questions:
            asked, params = question["method"], question["params"]
            if asked == "eth_getBlockByNumber" and params[0] == "latest":
                question = {**question, "params": [hex(last), *params[1:]]}
            answer = json.loads(traveller.of_the_node(json.dumps(question).encode()))
            found = answer.get("result")
            if asked in ("eth_getBlockByNumber", "eth_getTransactionReceipt") and found:
                number = found["number"] if asked == "eth_getBlockByNumber" else found["blockNumber"]
                answer["result"] = found if int(number, 16) <= last else None
            if asked == "eth_getTransactionCount":
                answer["result"] = hex(used)
            answers.append(answer)
        single = len(questions) == 1 and not traveller.batched
        traveller.answer(json.dumps(answers[0] if single else answers).encode())
        return True

    return lag
