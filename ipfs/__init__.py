"""IPFS without a daemon: real CIDs, blocks in a database, CAR files, and a node as a replica.

This package knows nothing of the marketplace. See README.md for the tour.
"""
