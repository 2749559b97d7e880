"""The way from a bot to the loopback Discord, which has Discord's names and a certificate. It leads nowhere else."""

import socket
import ssl

import aiohttp
import trustme
from aiohttp import abc

NAMES = ("discord.com", "gateway.discord.gg", "cdn.discordapp.com")


def connector(port: int, authority: str) -> aiohttp.TCPConnector:
    """To the server on this port; `authority` is the PEM certificate of whoever vouches for it."""
    return aiohttp.TCPConnector(limit=0, resolver=_Resolver(port), ssl=ssl.create_default_context(cadata=authority))


def vouched_for(authority: trustme.CA) -> ssl.SSLContext:
    """What a server on this machine needs to be taken for Discord."""
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
