"""What was published once stays: addresses, parameters, members and their kinds, columns in their order, topics.

promised.txt is what strangers' programs were written against. Something new is written into it, where it belongs; what
stands there is never changed and never taken out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from marketplace.api import openapi
from marketplace.api.docs import answers, kind
from marketplace.opendata.datasets import CSV, DATASETS
from marketplace.webhooks.topics import PING, TOPICS

PROMISED = Path(__file__).with_name("promised.txt")


def there_is() -> Iterator[str]:
    document = openapi.document("https://market.example.jp")
    for path, operation in document["paths"].items():
        (content,) = operation["get"]["responses"]["200"]["content"].items()
        parameters = [f"{part['name']}={kind(part['schema'])}" for part in operation["get"]["parameters"]]
        yield " ".join(["GET", path, *parameters, "→", f"{content[0]} {kind(content[1]['schema'])}"])
    for answer in answers(document):
        yield from (f"{answer.name}.{field.name}: {field.kind}" for field in answer.fields)
    for dataset in DATASETS:
        for file in dataset.files:
            names = ",".join(column.name for column in dataset.columns) if file.media_type == CSV else ""
            yield f"FILE {file.rule} {names}".rstrip()
    yield from (f"HOOK {topic}" for topic in (*TOPICS, PING))


def test_what_was_promised_is_there_and_what_is_there_is_promised() -> None:
    assert list(there_is()) == PROMISED.read_text(encoding="utf-8").splitlines()
