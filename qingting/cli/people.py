"""Commands on people: user add, user passwd, audit verify."""

import secrets

import click

from contracts.errors import Rejected
from qingting.home import Home


@click.group(help="添加人员，重置口令。")
def user_() -> None: ...


@user_.command("add", help="添加一人，显示一次性口令（只显示一次）。")
@click.argument("name", metavar="姓名或工号")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    help="可多次：officer commentator reviewer lead admin auditor hotline writer",
)
@click.option("--unit", default="430000", show_default=True, help="所属单位的行政区划代码")
@click.pass_obj
def user_add(home: Home, name: str, roles: tuple[str, ...], unit: str) -> None:
    from qingting.wiring import House
    from response import people

    password = secrets.token_urlsafe(12)
    with House.at(home) as house, house.database.writing() as connection:
        people.add(
            connection, name=name, unit=unit, roles=roles, password=password, one_time=True, by="qingting user add",
            now=house.clock.now(),
        )  # fmt: skip
    click.echo(f"已添加 {name}。一次性口令：{password}（只显示这一次，首次登录后须修改）")


@user_.command("passwd", help="重置一人的口令，显示新的一次性口令；此人的登录全部失效。")
@click.argument("name", metavar="姓名或工号")
@click.pass_obj
def user_passwd(home: Home, name: str) -> None:
    from qingting.wiring import House
    from response import people

    password = secrets.token_urlsafe(12)
    with House.at(home) as house, house.database.writing() as connection:
        person = people.by_name(connection, name)
        if person is None:
            raise Rejected(f"没有叫 {name} 的人员。请用 qingting user add 添加。")
        people.set_password(
            connection, person.id, password=password, one_time=True, by="qingting user passwd", now=house.clock.now()
        )
    click.echo(f"{name} 的一次性口令：{password}（只显示这一次，首次登录后须修改）")


@click.group(help="核验审计链。")
def audit_() -> None: ...


@audit_.command("verify", help="从第一行起逐行核验审计的散列链。")
@click.pass_obj
def audit_verify(home: Home) -> int:
    from qingting.wiring import House
    from response import audit

    with House.at(home) as house, house.database.reading() as connection:
        verdict = audit.verify(connection)
    if verdict.ok:
        click.echo(f"审计链完整，共 {verdict.rows:,} 行。")
        return 0
    click.echo(f"审计链在第 {verdict.first_bad} 行断开：该行或其前一行被改动过。请保留现场并从备份比对。", err=True)
    return 1
