"""Alembic's entry: runs the revisions on the connection that `qingting.migrating` hands over."""

from alembic import context

from qingting.migrating import all_tables

context.configure(
    connection=context.config.attributes["connection"], target_metadata=all_tables(), transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
