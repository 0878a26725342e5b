"""One Alembic history: from empty it makes exactly what the rooms' tables say, and old or empty databases are refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from backends.database import SqlDatabase, open_database
from contracts.errors import NotConfigured
from qingting.migrating import all_tables, configuration, migrate, require_newest
from response.tables import APPEND_ONLY

REVISIONS = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()][::-1]


@pytest.fixture
def database(tmp_path: Path) -> SqlDatabase:
    return open_database(f"sqlite:///{tmp_path / 'desk.db'}")


def test_the_history_ends_where_the_tables_are(database: SqlDatabase) -> None:
    migrate(database.engine)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables()) == []
    database.close()


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_revision_is_reached_from_empty_and_leads_to_the_newest(database: SqlDatabase, revision: str) -> None:
    migrate(database.engine, revision)
    migrate(database.engine)
    require_newest(database)
    database.close()


def test_an_empty_database_is_refused_with_the_remedy(database: SqlDatabase) -> None:
    with pytest.raises(NotConfigured, match="qingting migrate"):
        require_newest(database)
    database.close()


def test_the_audit_cannot_be_rewritten_in_a_migrated_database(database: SqlDatabase) -> None:
    migrate(database.engine)
    with database.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO audit(seq, at, by, act, subject, detail, previous, digest) VALUES (1, 0, '', '', '', '', '', '')"
            )
        )
    for statement in ("UPDATE audit SET act = 'x'", "DELETE FROM audit"):
        with pytest.raises(IntegrityError, match="append-only"), database.engine.begin() as connection:
            connection.execute(text(statement))
    database.close()


def test_the_migration_and_the_tables_forbid_the_same(database: SqlDatabase) -> None:
    migrate(database.engine)
    with database.engine.connect() as connection:
        made = set(connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")).scalars())
    assert set(APPEND_ONLY["sqlite"]) <= made
    database.close()


def test_no_column_has_a_place_for_persons_of_the_public(database: SqlDatabase) -> None:
    migrate(database.engine)
    columns = {
        f"{table}.{column['name']}"
        for table in inspect(database.engine).get_table_names()
        for column in inspect(database.engine).get_columns(table)
    }
    forbidden = ("nickname", "avatar", "profile", "followers", "credential", "cookie", "watch_list", "quota", "ranking")
    assert not [column for column in columns if any(word in column for word in forbidden)]
    database.close()
