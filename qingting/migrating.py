"""The schema of the desk database: one Alembic history for all rooms' tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData

from contracts.errors import NotConfigured
from contracts.ports.database import Database


def all_tables() -> MetaData:
    """Return the tables of every room as one metadata, as a fresh migration must make them."""
    import alerts.tables
    import backends.database.tables
    import reports.tables
    import response.tables

    together = MetaData()
    for room in (backends.database.tables, alerts.tables, response.tables, reports.tables):
        for table in room.metadata.sorted_tables:
            table.to_metadata(together)
    return together


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the database to a revision (default: the newest), in one transaction."""
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def require_newest(database: Database) -> None:
    """Raise NotConfigured unless the database stands at the newest revision."""
    script = ScriptDirectory.from_config(configuration())
    newest = script.get_current_head()
    with database.reading() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise NotConfigured(f"数据库结构是 {current}，比这个程序新（{newest}）；请升级程序，或恢复与它相配的备份。")
    if current != newest:
        raise NotConfigured(f"数据库结构是 {current or '空的'}，程序需要 {newest}。请先备份，再运行 qingting migrate。")


def configuration() -> Config:
    """Return the Alembic configuration of this history, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
