"""The local chat page: a thin front end over the use cases, on aiohttp.web. No SQL, no torch, no Discord."""

from aiohttp.web import Application

from bot.web.app import create_app, serve

__all__ = ["Application", "create_app", "serve"]
