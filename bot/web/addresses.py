"""Where a request comes from, also behind proxies, and how often each address may do something."""

import ipaddress
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from aiohttp import web

IPv6_PREFIX = 64  # what one subscriber has
MOST_ADDRESSES = 10_000  # that are remembered; the ones not heard of for longest are forgotten
_PORT = re.compile(r"(?:([\d.]+)|\[([0-9a-fA-F:.%\w]+)\]):\d+")


class Proxies:
    """The reverse proxies whose headers are believed, as addresses or networks."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(each) for each in networks]

    def trusts(self, request: web.Request) -> bool:
        """Whether a request comes from one of them."""
        return self._is_proxy(request.remote or "")

    def client(self, request: web.Request) -> str:
        """The address from which a proxy of ours had the request, or it came directly; of IPv6 the network."""
        hops = [hop.strip() for hop in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
        address = request.remote or ""
        while self._is_proxy(address) and hops and hops[-1]:  # what others put further left may be made up
            address = hops.pop()
        return _network(address)

    def is_https(self, request: web.Request) -> bool:
        """Whether the browser came over TLS, as the proxy says."""
        return self.trusts(request) and request.headers.get("X-Forwarded-Proto", "") == "https"

    def _is_proxy(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._networks)


class AddressLimit:
    """At most `most` acts of an address in `seconds`."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._acts: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until the address may act; 0 where it may now."""
        acts = self._acts.get(address)
        if not acts or len(acts) < self._most:
            return 0.0
        return max(0.0, acts[0] + self._seconds - self._clock())

    def count(self, address: str) -> None:
        """The address acted."""
        acts = self._acts.setdefault(address, deque(maxlen=self._most))
        acts.append(self._clock())
        self._acts.move_to_end(address)
        if len(self._acts) > MOST_ADDRESSES:
            self._acts.popitem(last=False)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address, perhaps with the port that some proxies write behind it; IPv4 also where a socket of IPv6 has it."""
    with_port = _PORT.fullmatch(address)
    try:
        parsed = ipaddress.ip_address((with_port[1] or with_port[2] if with_port else address).partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _network(address: str) -> str:
    parsed = _parsed(address)
    if parsed is None:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, IPv6_PREFIX), strict=False))
