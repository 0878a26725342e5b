"""The names of index, aliases and template of one home."""

from backends.elasticsearch.mapping import VERSION
from backends.settings import ElasticsearchSettings


class Names:
    """One index a mapping version, behind an alias to read and an alias to write; beside them the merged events."""

    def __init__(self, settings: ElasticsearchSettings) -> None:
        self.stem = f"{settings.prefix}posts"
        self.read = f"{self.stem}-read"
        self.write = f"{self.stem}-write"
        self.merges = f"{self.stem}-merges"
        self.newest = self.of(VERSION)

    def of(self, version: int) -> str:
        return f"{self.stem}-v{version}"
