"""A small site on loopback for the crawl tests: real HTTP, no mocks."""
