"""Resale between holders, read from the chain: the town keeps the record and never the money."""
