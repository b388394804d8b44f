"""Choose some of many by a public seed, so that nobody chose: sample-v1.

    rank(id) = SHA-256("sample-v1" LF seed LF id), UTF-8; the n least ranks are the sample, in that order

Whoever knows the seed and the ids computes the same. The digest of the population pins what was chosen from: take it
down before the dice are thrown or the beacon's round comes, and nobody can fit the one to the other.
"""

from __future__ import annotations

import hashlib
import heapq
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from marketplace.fund.models import Posting
from marketplace.journal.days import midnight_after
from marketplace.journal.models import Entry
from marketplace.kit.db import db
from marketplace.orders.models import Order
from marketplace.tokens.models import Token

LONGEST_SEED = 200
MOST = 200


class Population(NamedTuple):
    """What can be chosen from: its word, and the columns of the ids and their moments."""

    ja: str
    id: Any
    at: Any
    where: str
    """The page of one of them on the desk, with {id}."""


POPULATIONS = {
    "orders": Population("注文", Order.code, Order.created_at, "/staff/subjects/order:{id}"),
    "journal": Population("操作の記録の行（封をしたもの）", Entry.seq, Entry.at, ""),
    "postings": Population("帳簿の仕訳", Posting.key, Posting.at, ""),
    "tokens": Population("発行したトークン", Token.token_id, Token.promised_at, "/staff/subjects/token:{id}"),
}


class Members(NamedTuple):
    """How many there are, and the SHA-256 (hex) of their ids, each with a LF after it, in order of Unicode."""

    size: int
    digest: str


class Chosen(NamedTuple):
    """One of the sample: its rank, hex, and its id."""

    rank: str
    id: str


def ids(kind: str, since: date, until: date) -> Iterable[str]:
    """The population of these days in Japan, `until` included."""
    population = POPULATIONS[kind]
    begin = midnight_after(date.fromordinal(since.toordinal() - 1))
    query = sa.select(population.id).where(population.id.is_not(None))
    query = query.where(population.at >= begin, population.at < midnight_after(until))
    return sorted(str(found) for found in db.session.scalars(query))


def members(population: Iterable[str]) -> Members:
    count, digest = 0, hashlib.sha256()
    for each in population:
        count += 1
        digest.update(f"{each}\n".encode())
    return Members(count, digest.hexdigest())


def choose(population: Iterable[str], seed: str, size: int) -> list[Chosen]:
    """`size` of them, or all where there are fewer."""
    ranked = (Chosen(rank(seed, each), each) for each in population)
    return heapq.nsmallest(size, ranked)


def rank(seed: str, each: str) -> str:
    return hashlib.sha256(f"sample-v1\n{seed}\n{each}".encode()).hexdigest()


def one_form(seed: str) -> str:
    """As it is computed with: dice that were typed in wide figures are the same dice."""
    return " ".join(unicodedata.normalize("NFKC", seed).split())
