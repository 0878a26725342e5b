"""Write a new Alembic revision from what the rooms' tables say and the newest revision lacks; read it before you commit it."""

import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from qingting.migrating import all_tables, configuration, migrate


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: tools/write_migration.py NNNN_name 'What it does'")
    name, what = sys.argv[1:]
    script = ScriptDirectory.from_config(configuration())
    head = script.get_current_head()
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/empty.db")
        if head:
            migrate(engine)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            changes = produce_migrations(context, all_tables())
        engine.dispose()
    assert changes.upgrade_ops is not None
    body = render_python_code(changes.upgrade_ops).replace("contracts.instant.Instant()", "Instant()")
    body = "\n".join(line for line in body.splitlines() if "###" not in line).strip()
    target = Path(script.versions) / f"{name}.py"
    target.write_text(
        f'"""{what}"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nfrom contracts.instant import Instant\n\n'
        f"revision = {name.partition('_')[0]!r}\ndown_revision = {head!r}\nbranch_labels = None\ndepends_on = None\n\n\n"
        f"def upgrade() -> None:\n    {body}\n",
        "utf-8",
    )
    print(target)


if __name__ == "__main__":
    main()
