"""Everything that this package may raise.

IpfsError
 ├── Malformed        text or bytes that do not follow the format
 ├── Corrupt          bytes that do not have the hash which their name promises
 ├── TooLarge         a limit was passed: bytes, depth, number of blocks
 ├── NotFound
 │    ├── BlockMissing   this store does not hold the block
 │    └── NameMissing    the directory has no such entry
 ├── NotAFile         the path leads to something whose bytes cannot be read
 ├── NotADirectory    the path goes on below something that has no entries
 └── ReplicaError
      ├── ReplicaUnreachable   no proper answer: worth trying again
      └── ReplicaRefused       a clear no, or an answer that fails our check
"""

from __future__ import annotations


class IpfsError(Exception):
    """The root of the tree above."""


class Malformed(IpfsError):
    """Text or bytes that do not follow the format."""


class Corrupt(IpfsError):
    """Bytes that do not have the hash which their name promises."""


class TooLarge(IpfsError):
    """A limit was passed."""


class NotFound(IpfsError):
    """What was asked for is not here."""


class BlockMissing(NotFound):
    """The store does not hold the block."""


class NameMissing(NotFound):
    """The directory has no such entry."""


class NotAFile(IpfsError):
    """The path leads to something whose bytes cannot be read."""


class NotADirectory(IpfsError):
    """The path goes on below something that has no entries."""


class ReplicaError(IpfsError):
    """Trouble with a node outside."""


class ReplicaUnreachable(ReplicaError):
    """No proper answer came: worth trying again later."""


class ReplicaRefused(ReplicaError):
    """The node said no, or said something that fails our check."""
