"""What the gateway finds in the store of blocks."""

from ipfs.blockstore import MemoryBlockstore, SqlBlockstore
from ipfs.building import Builder
from marketplace.kit.db import get, transaction
from marketplace.listings.models import Listing
from marketplace.metadata.models import blocks
from tests import given


def published() -> str:
    """A right is published. The name of its tree."""
    uri = get(Listing, given.a_listing(state="published", quantity=3)).right.metadata_uri
    assert uri
    return uri.removeprefix("ipfs://").removesuffix("/")


def kept(data: bytes) -> str:
    """The CID of a file that is in the store."""
    store = MemoryBlockstore()
    cid = Builder(store.keep).file(data).cid
    with transaction() as session:
        SqlBlockstore(session.connection(), blocks).put(store)
    return str(cid)
