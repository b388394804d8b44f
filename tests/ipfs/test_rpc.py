"""One behaviour of a replica, asked of the double and, where KUBO_RPC_ADDR names one, of a live Kubo."""

import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ipfs import car, resolver
from ipfs.blockstore import MemoryBlockstore
from ipfs.building import Builder
from ipfs.cid import CID, RAW
from ipfs.errors import BlockMissing, Malformed, ReplicaRefused, ReplicaUnreachable
from ipfs.rpc import KuboReplica, Probe, to_multiaddr
from ipfs.unixfs import V0_2015, V1_2025, Profile
from tests.ipfs.kubo_double import KuboDouble


@pytest.fixture(params=["double", pytest.param("live", marks=pytest.mark.kubo)])
def replica(request: pytest.FixtureRequest) -> Iterator[KuboReplica]:
    if request.param == "double":
        address = request.getfixturevalue("node").url
    else:
        address = os.environ.get("KUBO_RPC_ADDR", "")
        if not address:
            pytest.skip("no live Kubo: KUBO_RPC_ADDR is not set")
    replica = KuboReplica(address, timeout=10)
    yield replica
    replica.close()


def tree(profile: Profile = V1_2025, count: int = 3) -> tuple[MemoryBlockstore, CID]:
    """Something that no node has seen before."""
    store = MemoryBlockstore()
    builder = Builder(store.keep, profile)
    files = {f"{n}.json": builder.file(secrets.token_bytes(700)) for n in range(count)}
    files["picture"] = builder.file(secrets.token_bytes(1_500_000))
    return store, builder.directory(files).cid


class TestAnyKubo:
    def test_it_says_who_it_is(self, replica: KuboReplica) -> None:
        probe = replica.probe()
        assert probe.version[0].isdigit()
        assert probe.peer_id

    @pytest.mark.parametrize("profile", [V0_2015, V1_2025], ids=lambda profile: profile.name)
    def test_a_tree_that_was_pushed_is_pinned_and_every_block_is_there(
        self, replica: KuboReplica, profile: Profile
    ) -> None:
        store, root = tree(profile)
        assert not replica.pinned(root)
        replica.push_car(root, car.export(store, root))
        assert replica.pinned(root)
        for block in resolver.walk(store, root):
            assert replica.fetch_verified(block.cid) == block
        replica.unpin(root)

    def test_pushing_twice_is_the_same_as_once(self, replica: KuboReplica) -> None:
        store, root = tree()
        replica.push_car(root, car.export(store, root))
        replica.push_car(root, car.export(store, root))
        assert replica.pinned(root)
        replica.unpin(root)

    def test_an_incomplete_tree_is_not_pinned_and_that_is_said(self, replica: KuboReplica) -> None:
        store, root = tree()
        blocks = list(resolver.walk(store, root))
        with pytest.raises(ReplicaRefused, match="could not pin"):
            replica.push_car(root, car.write(root, blocks[:-1]))
        assert not replica.pinned(root)

    def test_a_block_that_it_does_not_hold_is_refused_without_a_search(self, replica: KuboReplica) -> None:
        with pytest.raises(ReplicaRefused):
            replica.fetch_verified(CID.of(secrets.token_bytes(20), RAW))

    def test_a_tree_is_forgotten_once_and_again(self, replica: KuboReplica) -> None:
        store, root = tree()
        replica.push_car(root, car.export(store, root))
        replica.unpin(root)
        assert not replica.pinned(root)
        replica.unpin(root)

    def test_several_threads_may_push_at_once(self, replica: KuboReplica) -> None:
        trees = [tree() for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda tree: replica.push_car(tree[1], car.export(*tree)), trees))
        assert [replica.pinned(root) for _, root in trees] == [True] * 6
        for _, root in trees:
            replica.unpin(root)

    def test_a_failure_in_the_middle_of_sending_is_ours_and_the_next_push_works(self, replica: KuboReplica) -> None:
        store, root = tree()
        partial = MemoryBlockstore(list(resolver.walk(store, root))[:-1])
        with pytest.raises(BlockMissing):
            replica.push_car(root, car.export(partial, root))
        replica.push_car(root, car.export(store, root))
        assert replica.pinned(root)
        replica.unpin(root)


def test_half_a_block_under_status_200_is_not_believed(node: KuboDouble) -> None:
    replica = KuboReplica(node.url)
    store, root = tree()
    replica.push_car(root, car.export(store, root))
    node.cuts_answers = True
    with pytest.raises(ReplicaRefused, match="only a part"):
        replica.fetch_verified(root)
    replica.close()


def test_a_block_that_the_node_has_lost_is_noticed(node: KuboDouble) -> None:
    replica = KuboReplica(node.url)
    store, root = tree()
    replica.push_car(root, car.export(store, root))
    node.lose(str(root))
    with pytest.raises(ReplicaRefused, match="not found"):
        replica.fetch_verified(root)
    replica.close()


def test_a_node_that_means_another_root_is_not_believed(node: KuboDouble) -> None:
    replica = KuboReplica(node.url)
    store, root = tree()
    node.names_wrong_root = True
    with pytest.raises(ReplicaRefused, match="another root"):
        replica.push_car(root, car.export(store, root))
    replica.close()


def test_a_node_that_imports_without_pinning_is_asked_to_pin(node: KuboDouble) -> None:
    replica = KuboReplica(node.url)
    store, root = tree()
    node.pins_on_import = False
    replica.push_car(root, car.export(store, root))
    assert replica.pinned(root)
    replica.close()


def test_a_busy_node_is_worth_another_try(node: KuboDouble) -> None:
    replica = KuboReplica(node.url)
    node.is_busy = True
    with pytest.raises(ReplicaUnreachable, match="503"):
        replica.probe()
    node.is_busy = False
    assert replica.probe() == Probe("0.43.1", "12D3KooWDouble")
    replica.close()


def test_no_node_at_all_is_worth_another_try() -> None:
    with KuboDouble() as node:
        url = node.url
    with pytest.raises(ReplicaUnreachable):
        KuboReplica(url).probe()


CALLS: dict[str, Callable[[KuboReplica, CID], object]] = {
    "probe": lambda replica, root: replica.probe(),
    "push_car": lambda replica, root: replica.push_car(root, iter([b"not even looked at"])),
    "pinned": lambda replica, root: replica.pinned(root),
    "fetch_verified": lambda replica, root: replica.fetch_verified(root),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>Welcome to nginx!</html>", id="a page"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b'"yes"', id="a text"),
        pytest.param(b'{"Version": "0.43.1", "Keys": 7, "Root": [], "ID": 1}', id="the right names with wrong values"),
        pytest.param(b'{"Keys": {"x": null}, "Root": {"Cid": null}', id="half an object"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
    ],
)
def test_an_answer_that_is_not_kubos_is_never_a_yes(node: KuboDouble, call: str, said: bytes) -> None:
    replica = KuboReplica(node.url, timeout=10)
    node.says = said
    root = tree()[1]
    answer: object
    try:
        answer = CALLS[call](replica, root)
    except ReplicaRefused:
        answer = None
    except ReplicaUnreachable:  # an answer without a body cannot be told from one that never came
        answer = None
    assert answer in (None, False) or (call, answer) == ("probe", Probe("0.43.1", "1"))
    node.says = None
    assert replica.probe() == Probe("0.43.1", "12D3KooWDouble")
    replica.close()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", ["hangs", "breaks_off"])
def test_a_node_that_is_late_or_breaks_off_is_worth_another_try(node: KuboDouble, call: str, trouble: str) -> None:
    replica = KuboReplica(node.url, timeout=0.3)
    setattr(node, trouble, True)
    with pytest.raises(ReplicaUnreachable):
        CALLS[call](replica, tree()[1])
    replica.close()


def test_a_node_that_never_ends_a_block_does_not_fill_our_memory(node: KuboDouble) -> None:
    replica = KuboReplica(node.url)
    node.says = bytes(64 * 1024 * 1024)
    with pytest.raises(ReplicaRefused, match="other bytes"):
        replica.fetch_verified(tree()[1])
    replica.close()


@pytest.mark.parametrize("version", ["0.4.23", "soon"])
def test_a_node_that_is_too_old_or_strange_is_refused(version: str) -> None:
    with KuboDouble(version=version) as node:
        replica = KuboReplica(node.url)
        with pytest.raises(ReplicaRefused, match="version"):
            replica.probe()
        replica.close()


def test_a_hosted_node_is_reached_below_its_path_with_its_token() -> None:
    with KuboDouble(base="/v1/ipfs/api/v0", token="right") as node:
        replica, stranger = KuboReplica(node.url, token="right"), KuboReplica(node.url, token="wrong")
        store, root = tree()
        replica.push_car(root, car.export(store, root))
        assert replica.pinned(root)
        with pytest.raises(ReplicaRefused, match="403"):
            stranger.probe()
        replica.close()
        stranger.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:5001", ("/ip4/127.0.0.1/tcp/5001/http", "api/v0")),
        ("http://[::1]:5001/", ("/ip6/::1/tcp/5001/http", "api/v0")),
        ("http://kubo:5001", ("/dns/kubo/tcp/5001/http", "api/v0")),
        ("https://pins.example/v1/ipfs/api/v0", ("/dns/pins.example/tcp/443/https", "v1/ipfs/api/v0")),
        ("/dns/kubo/tcp/5001/http", ("/dns/kubo/tcp/5001/http", "api/v0")),
    ],
)
def test_an_address_becomes_what_the_client_wants(url: str, expected: tuple[str, str]) -> None:
    assert to_multiaddr(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        *("", "kubo:5001", "ftp://kubo", "http://", "http://a:b@kubo:5001", "http://kubo?x=1", "http://kubo:99999"),
        *("http://[::1", "http://999.1.1.1", "/dns/kubo", "/etc/passwd", "/ip4/127.0.0.1/udp/1/http"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Malformed):
        to_multiaddr(url)
