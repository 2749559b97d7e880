"""Connects a bot to the loopback Discord under Discord's host names; all other hosts are unknown."""

import socket
import ssl

import aiohttp
import trustme
from aiohttp import abc

NAMES = ("discord.com", "gateway.discord.gg", "cdn.discordapp.com")


def connector(port: int, authority: str) -> aiohttp.TCPConnector:
    """To the server on this port; `authority` is the PEM certificate of the authority that issued the server's."""
    return aiohttp.TCPConnector(limit=0, resolver=_Resolver(port), ssl=ssl.create_default_context(cadata=authority))


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """The TLS context of a server under Discord's host names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*NAMES, "127.0.0.1").configure_cert(context)
    return context


class _Resolver(abc.AbstractResolver):
    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[abc.ResolveResult]:
        if host not in NAMES:
            raise OSError(f"{host} is not Discord")
        here = abc.ResolveResult(
            hostname=host, host="127.0.0.1", port=self._port, family=socket.AF_INET, proto=0, flags=0
        )
        return [here]

    async def close(self) -> None:
        pass
