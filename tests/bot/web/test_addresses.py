"""Whose address counts behind proxies, and how often an address may act."""

from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict

from bot.web.addresses import MOST_ADDRESSES, AddressLimit, Proxies


def request(remote: str, *forwarded: str, **headers: str) -> Any:
    pairs = [("X-Forwarded-For", each) for each in forwarded]
    return SimpleNamespace(remote=remote, headers=CIMultiDict([*pairs, *headers.items()]))


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),  # no proxy of ours: what it says is worth nothing
        ("127.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("1.2.3.4, 198.51.100.1",), "198.51.100.1"),  # made up by the client
        ("127.0.0.1", ("1.2.3.4", "198.51.100.1, 10.1.2.3"), "198.51.100.1"),  # two proxies of ours
        ("127.0.0.1", ("",), "127.0.0.1"),
        ("127.0.0.1", ("10.1.2.3",), "10.1.2.3"),
        ("127.0.0.1", ("nonsense",), "nonsense"),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", (), "203.0.113.9"),  # IPv4 at a socket of IPv6, or all of it would be one network
        ("::ffff:127.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("198.51.100.1:50123",), "198.51.100.1"),  # another port is no other address
        ("127.0.0.1", ("[2001:db8:1:2::5]:443",), "2001:db8:1:2::/64"),
        ("fe80::1%eth0", (), "fe80::/64"),
        ("", (), ""),
    ],
)
def test_the_address_is_the_one_that_our_last_proxy_saw(remote: str, forwarded: tuple[str, ...], client: str) -> None:
    assert Proxies(["127.0.0.1", "10.0.0.0/8"]).client(request(remote, *forwarded)) == client


def test_only_a_proxy_of_ours_says_that_it_is_https() -> None:
    proxies = Proxies(["127.0.0.1"])
    assert proxies.is_https(request("127.0.0.1", **{"X-Forwarded-Proto": "https"}))
    assert not proxies.is_https(request("127.0.0.1"))
    assert not proxies.is_https(request("203.0.113.9", **{"X-Forwarded-Proto": "https"}))


def test_an_address_waits_after_its_last_act_and_others_do_not() -> None:
    now = [0.0]
    limit = AddressLimit(3, 60, lambda: now[0])
    for _ in range(3):
        assert limit.wait("a") == 0
        limit.count("a")
        now[0] += 10
    assert limit.wait("a") == 30
    assert limit.wait("b") == 0
    now[0] += 30
    assert limit.wait("a") == 0


def test_memory_has_an_end() -> None:
    limit = AddressLimit(1, 60)
    for number in range(MOST_ADDRESSES + 10):
        limit.count(str(number))
    assert len(limit._acts) == MOST_ADDRESSES
