"""Which addresses may be connected to. Named ranges, because what `ipaddress` calls global differs between
Python versions.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# fmt: off
_FORBIDDEN_4 = {
    "0.0.0.0/8": "this network", "10.0.0.0/8": "private", "100.64.0.0/10": "carrier-grade NAT", "127.0.0.0/8": "loopback", "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private", "192.0.0.0/24": "IETF protocols", "192.0.2.0/24": "documentation", "192.31.196.0/24": "AS112", "192.52.193.0/24": "AMT",
    "192.88.99.0/24": "6to4 relay", "192.168.0.0/16": "private", "192.175.48.0/24": "AS112", "198.18.0.0/15": "benchmarks", "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation", "224.0.0.0/4": "multicast", "240.0.0.0/4": "reserved",
}
_FORBIDDEN_6 = {
    "::/96": "unspecified, loopback or IPv4-compatible", "64:ff9b:1::/48": "local NAT64", "100::/64": "discard", "2001::/23": "IETF protocols",
    "2001:db8::/32": "documentation", "3fff::/20": "documentation", "5f00::/16": "segment routing", "fc00::/7": "unique local", "fe80::/10": "link-local",
    "fec0::/10": "site-local", "ff00::/8": "multicast",
}
# fmt: on
_NETWORKS_4 = [(ipaddress.IPv4Network(net), name) for net, name in _FORBIDDEN_4.items()]
_NETWORKS_6 = [(ipaddress.IPv6Network(net), name) for net, name in _FORBIDDEN_6.items()]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")  # all that was ever given out to the public


def forbidden(text: str) -> str | None:
    """Why this address may not be connected to ("loopback"), None if it may. IPv4 inside IPv6 is looked at as
    what it is.
    """
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "no address"
    if isinstance(address, ipaddress.IPv4Address):
        return _forbidden_4(address)
    inner = _embedded(address)
    return _forbidden_6(address) if inner is None else _forbidden_4(inner)


def _forbidden_4(address: ipaddress.IPv4Address) -> str | None:
    return next((name for network, name in _NETWORKS_4 if address in network), None)


def _forbidden_6(address: ipaddress.IPv6Address) -> str | None:
    named = next((name for network, name in _NETWORKS_6 if address in network), None)
    return named or (None if address in _PUBLIC_6 else "not public")


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a mapped, NAT64, 6to4 or Teredo address leads to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    return address.teredo[1] if address.teredo is not None else None


def allowed(
    found: Sequence[str], host: str, port: int, allow_hosts: Collection[str]
) -> tuple[list[str], str | None]:
    """(addresses to dial, None) or ([], why not). One forbidden address among several refuses all: mixed
    answers are an attack (S3).

    `allow_hosts` are exact "host:port", in small letters; a host on it may have any address.
    """
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if shown in allow_hosts or f"{host}:{port}" in allow_hosts:
        return list(dict.fromkeys(found)), None
    for address in found:
        why = forbidden(address)
        if why is not None:
            words = f"{shown} has the address {address} ({why}), which is not public"
            return [], f'{words}; if it is yours, add "{shown}" to poll.allow_hosts'
    return list(dict.fromkeys(found)), None
