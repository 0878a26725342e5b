"""The ports: one `Protocol` a file, at most six methods, each with a suite in `contracts.testing`."""
