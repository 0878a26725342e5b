"""Suites that any adapter passes by inheriting them, builders of posts, and fakes."""
