"""Which Host names are ours?  A page of somebody else's domain that points here must not be answered (DNS rebinding)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["Hosts"]

_INSIDE = (".localhost", ".svc", ".svc.cluster.local", ".internal")
_MOST_KNOWN = 1024


class Hosts:
    """PUBLIC_URL's name, those of ALLOWED_HOSTS (`*` for all), and what no stranger's domain can be: addresses, names without a dot,
    names inside a cluster."""

    def __init__(self, allowed: Iterable[str], public_url: str) -> None:
        self._allowed = {name.lower().rstrip(".") for name in allowed}
        self._is_all = "*" in self._allowed
        self._allowed.add((urlsplit(public_url).hostname or "localhost").lower())
        self._known: dict[bytes, bool] = {}

    def serves(self, host: bytes) -> bool:
        """Whether calls with this (well-formed) Host header are answered."""
        if self._is_all:
            return True
        found = self._known.get(host)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[host] = self._judge(host.decode("latin-1").lower())
        return found

    def _judge(self, host: str) -> bool:
        name = (host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]).rstrip(".")
        if name in self._allowed or "." not in name or name.endswith(_INSIDE):
            return True
        return any(wild.startswith("*.") and name.endswith(wild[1:]) for wild in self._allowed) or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
