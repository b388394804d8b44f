"""Files that are sent to Stripe: kept by name and size only. https://docs.stripe.com/api/files/create"""

from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import urlencode

import stripe

from marketplace.devstripe.objects import Thing
from marketplace.devstripe.refusals import invalid
from marketplace.devstripe.routes import endpoint
from marketplace.devstripe.world import World


def read_form(content_type: str, body: bytes) -> str:
    """A form of several parts (RFC 7578) in the words of a plain one: of a file its name and its size in bytes."""
    if not content_type.startswith("multipart/form-data"):
        return body.decode("utf-8", "replace")
    whole = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    fields: list[tuple[str, str]] = []
    for part in whole.iter_parts():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        held = content if isinstance(content, bytes) else b""
        if part.get_filename() is None:
            fields.append((str(name), held.decode("utf-8", "replace").strip()))
        else:
            fields += [(f"{name}[name]", str(part.get_filename())), (f"{name}[size]", str(len(held)))]
    return urlencode(fields)


@endpoint("POST", "/v1/files")
def create(world: World, given: Thing) -> Thing:
    if not isinstance(given.get("file"), dict) or not int(given["file"].get("size") or 0):
        raise invalid("Missing required param: file.", "parameter_missing", param="file")
    return world.new(
        stripe.File,
        "file_",
        filename=given["file"]["name"],
        purpose=given.get("purpose"),
        size=int(given["file"]["size"]),
        type="pdf",
    )


@endpoint("GET", "/v1/files/<id>")
def retrieve(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "file")
