"""Which addresses may be asked: names are resolved and judged right before each connection, which gets nothing else.

A page that redirects to a private network, and a name that resolves to a public address for the check and to a private
one for the connection, both end here: the connection gets only addresses that were judged.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from twisted.internet.address import IPv4Address as TwistedIPv4
from twisted.internet.address import IPv6Address as TwistedIPv6
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from zope.interface import implementer  # type: ignore[import-untyped]

from crawlers.refused import Refused

Address = IPv4Address | IPv6Address
_LOOKUP_S = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All that IANA has given out; site-local, segment routing and the IPv4-compatible forms lie outside."""
_UNTRUE = tuple(
    map(ipaddress.ip_network, ("192.88.99.0/24", "192.0.0.0/24", "2001::/23", "2001:db8::/32", "3fff::/20"))
)
"""Relays, protocol assignments and documentation; older tables of Python take some of them for global."""
_METADATA = frozenset(map(ipaddress.ip_address, (
    "169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd20:ce::254",
)))  # fmt: skip
"""Where clouds hand out keys to whoever asks: AWS and most others, Alibaba, Oracle, Azure, Google."""


def embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one leads to (mapped, 6to4, Teredo, NAT64), any other as it is."""
    if not isinstance(address, IPv6Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def is_public(address: Address) -> bool:
    """Whether an address lies in the public network; embedded IPv4 addresses are judged as such."""
    address = embedded(address)
    if address in _METADATA or any(address in block for block in _UNTRUE if block.version == address.version):
        return False
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def may_never_be_asked(address: Address) -> bool:
    """Whether no list of a source opens an address: link-local, metadata of clouds, nowhere, everybody."""
    address = embedded(address)
    return (
        address in _METADATA
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or (address.version == 4 and address in _BROADCAST)
    )


_BROADCAST = ipaddress.ip_network("255.255.255.255/32")


def judge(host: str, addresses: Collection[Address], allowed: Collection[str]) -> None:
    """Raise Refused unless every address may be asked; `allowed` lists private host names and addresses.

    Link-local addresses and the metadata services of clouds are never allowed.
    """
    for address in addresses:
        if is_public(address):
            continue
        if may_never_be_asked(address):
            raise Refused(f"{host} 指向链路本地或保留地址 {address}：这类地址一律不采。")
        if host not in allowed and str(address) not in allowed:
            raise Refused(f"{host} 指向内网地址 {address}：确需采集请写进该信源的 allow_private。")
    if not addresses:
        raise Refused(f"找不到主机 {host}：请检查网址和网络。")


class Names:
    """Resolves, judges and pins host names."""

    def __init__(self) -> None:
        self._pins: dict[str, tuple[Address, ...]] = {}

    async def look(self, host: str, allowed: Collection[str]) -> None:
        """Judge what is known of `host`, so that a request to nowhere waits for no turn. Raises Refused."""
        if known := self._pins.get(host):
            judge(host, known, allowed)
        else:
            await self.admit(host, allowed)

    async def admit(self, host: str, allowed: Collection[str]) -> None:
        """Resolve `host`, judge and pin its addresses: to be called within its turn, right before it is connected to.

        Raises Refused.
        """
        addresses = await _resolve(host)
        judge(host, addresses, allowed)
        self._pins[host] = addresses

    def pinned(self, host: str) -> tuple[Address, ...]:
        return self._pins.get(host.lower().strip("[]"), ())

    def is_loopback(self, host: str) -> bool:
        """Whether every address of an admitted host is this machine."""
        pinned = self.pinned(host)
        return bool(pinned) and all(address.is_loopback for address in pinned)


async def _resolve(host: str) -> tuple[Address, ...]:
    try:
        return (ipaddress.ip_address(host),)
    except ValueError:
        pass  # a name: it is looked up
    try:
        async with asyncio.timeout(_LOOKUP_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused(f"找不到主机 {host}：请检查网址和网络。") from error
    return tuple(dict.fromkeys(ipaddress.ip_address(str(sockaddr[0]).split("%")[0]) for *_, sockaddr in found))


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing is under way: the answer was given at once."""


@implementer(IHostnameResolver)
class PinnedResolver:
    """Twisted's view of `Names`: answers with pinned addresses only, so nothing unjudged can be connected to."""

    def __init__(self, pinned: Callable[[str], tuple[Address, ...]]) -> None:
        self._pinned = pinned

    def resolveHostName(self, resolutionReceiver: Any, hostName: str, portNumber: int = 0, *_: Any, **__: Any) -> Any:  # noqa: N802, N803 - Twisted's names
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        for address in self._pinned(hostName):
            kind = TwistedIPv4 if address.version == 4 else TwistedIPv6
            resolutionReceiver.addressResolved(kind("TCP", str(address), portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution
