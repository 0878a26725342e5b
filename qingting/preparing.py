"""`migrate`: bring everything outside the program to its present shape: tables, streams, index."""

from typing import Final

from backends.settings import ElasticsearchSettings, KafkaSettings
from qingting.home import Home
from qingting.settings import Settings

TABLES: Final = "数据库结构"


def prepare(home: Home, settings: Settings, url: str) -> tuple[str, ...]:
    """Make or migrate what the settings name; return it in Chinese words. Running it again changes nothing.

    Raises NotConfigured or Retryable where a server refuses or is away; what was done before stays done.
    """
    from backends.database import open_database
    from qingting.migrating import migrate

    database = open_database(url)
    try:
        with database.deciding():
            migrate(database.engine)
    finally:
        database.close()
    done = [TABLES]
    if isinstance(settings.log, KafkaSettings):
        from backends.kafka.streams import migrate_streams

        migrate_streams(settings.log, home.secrets)
        done.append("Kafka 的流")
    if isinstance(settings.index, ElasticsearchSettings):
        from backends.elasticsearch.migrating import migrate_index

        migrate_index(settings.index, home.secrets)
        done.append("Elasticsearch 的索引")
    return tuple(done)
