"""The embedded adapters: each one SQLite file."""
