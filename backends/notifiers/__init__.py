"""The channels to people."""
