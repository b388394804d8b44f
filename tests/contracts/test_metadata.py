"""Where the documents of a right are, and that they stay there."""

from tests.contracts.conftest import Town

FIRST = 1_000_001


def test_metadata_of_a_right_is_that_of_its_series_until_it_has_its_own(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    uri = town.rights.functions.tokenURI(FIRST)
    assert uri.call() == "ipfs://series/1.json"
    town.act(town.editor, town.rights.functions.setSeriesURI(1, "ipfs://second/"))
    assert uri.call() == "ipfs://second/1.json"
    town.act(town.editor, town.rights.functions.setTokenURI(FIRST, "ipfs://own"))
    assert uri.call() == "ipfs://own"
    town.act(town.editor, town.rights.functions.setTokenURI(FIRST, ""))
    assert uri.call() == "ipfs://second/1.json"
    assert town.events(town.rights, "BatchMetadataUpdate") == [{"_fromTokenId": FIRST, "_toTokenId": FIRST + 9}]
    assert town.events(town.rights, "MetadataUpdate") == [{"_tokenId": FIRST}] * 2


def test_a_series_of_one_right_names_the_document_itself(town: Town) -> None:
    town.open_series(maxSupply=1, uri="ipfs://document")
    town.issue(1, (town.hanako.address, 1))
    uri = town.rights.functions.tokenURI(FIRST)
    assert uri.call() == "ipfs://document"
    town.act(town.editor, town.rights.functions.setSeriesURI(1, "ipfs://corrected"))
    assert uri.call() == "ipfs://corrected"
    assert town.events(town.rights, "BatchMetadataUpdate") == [{"_fromTokenId": FIRST, "_toTokenId": FIRST}]
    town.act(town.editor, town.rights.functions.freezeSeries(1))
    assert town.refused(town.editor, town.rights.functions.setSeriesURI(1, "ipfs://x")) == "Frozen"


def test_a_frozen_series_keeps_its_metadata_for_ever(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    do = town.rights.functions
    town.act(town.editor, do.freezeSeries(1))
    for each in (do.setSeriesURI(1, "ipfs://x/"), do.setTokenURI(FIRST, "ipfs://x"), do.freezeSeries(1)):
        assert town.refused(town.editor, each) == "Frozen"


def test_one_right_is_frozen_with_the_address_that_it_has(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1), (town.hanako.address, 2), (town.hanako.address, 3))
    do = town.rights.functions
    town.act(town.editor, do.setTokenURI(FIRST, "ipfs://own"))
    town.act(town.editor, do.freezeToken(FIRST))
    town.act(town.editor, do.freezeToken(FIRST + 1))
    town.act(town.editor, do.setSeriesURI(1, "ipfs://second/"))
    assert [do.tokenURI(FIRST + i).call() for i in range(3)] == [
        "ipfs://own",
        "ipfs://series/2.json",
        "ipfs://second/3.json",
    ]
    assert town.events(town.rights, "PermanentURI") == [
        {"_value": "ipfs://own", "_id": FIRST},
        {"_value": "ipfs://series/2.json", "_id": FIRST + 1},
    ]
    for each in (do.setTokenURI(FIRST, "ipfs://x"), do.setTokenURI(FIRST, ""), do.freezeToken(FIRST)):
        assert town.refused(town.editor, each) == "FrozenToken"


def test_metadata_of_a_right_that_was_never_issued_cannot_be_set(town: Town) -> None:
    town.open_series()
    for each in (town.rights.functions.setTokenURI(FIRST, "ipfs://x"), town.rights.functions.freezeToken(FIRST)):
        assert town.refused(town.editor, each) == "ERC721NonexistentToken"
