"""The lease port: a role that must be alone holds one."""

from typing import Protocol

from sqlalchemy import Connection


class Lease(Protocol):
    """One row of the desk database; expiry uses the database's clock; every holder has a rising fencing token."""

    def acquire(self) -> bool:
        """Take or renew; False while another holder lives."""
        ...

    def guard(self, connection: Connection) -> None:
        """Inside the caller's transaction: lock the row and check the token. Raises Conflict when it is no longer ours."""
        ...

    def release(self) -> None:
        """Give it up at once, if still ours."""
        ...
