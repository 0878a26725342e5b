"""Turns fetched posts into scored, folded, clustered and indexed ones."""
