"""A registered, named official account. No credential is kept and no field can hold one."""

import msgspec


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An official account of a unit (账号矩阵)."""

    id: str
    unit: str
    name: str
    platform: str
    url: str
    responsible: str
    """Office that answers for it (a desk, not a person's profile)."""
    active: bool = True
