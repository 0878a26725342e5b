"""Adapters on plain files of one machine."""
