"""Gathers the week from index and desk database."""
