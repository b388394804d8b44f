"""What a person does with the chain at a terminal: follow, deploy, rekey, relock, vouch, pause, unpause."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from marketplace.chain import deploying, following, guarding, pausing, rekeying, relocking


def follow(backfill: bool, replay: bool, progress: following.Progress) -> int:
    """For ever; or only up to the head, for which `replay` forgets every log first."""
    if not (backfill or replay):
        following.follow()
        return 0
    count = following.read_anew(progress) if replay else following.follow_once(progress)
    _tell(f"{count:,} logs read, up to block {following.status()['followed_block']:,}")
    return 0


def deploy(_options: argparse.Namespace) -> int:
    for name, address in deploying.ensure_contracts().items():
        _tell(f"{name} {address}")
    return 0


def rekey(options: argparse.Namespace) -> int:
    act = rekeying.abandon if options.abandon else rekeying.rekey
    act(options.role, _tell)
    return 0


def relock(_options: argparse.Namespace) -> int:
    relocking.relock(sys.stdin.readline().rstrip("\r\n"), _tell)
    return 0


def vouch(options: argparse.Namespace) -> int:
    for role in options.roles:
        guarding.vouch(role, _tell)
    return 0


def pause(_options: argparse.Namespace) -> int:
    pausing.pause(_tell)
    return 0


def unpause(_options: argparse.Namespace) -> int:
    pausing.unpause(_tell)
    return 0


ACTS: dict[str, Callable[[argparse.Namespace], int]] = {
    act.__name__: act for act in (deploy, rekey, relock, vouch, pause, unpause)
}


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
