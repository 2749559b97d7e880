"""Settings read anew while the bot runs: limits and the log change at once, the rest is named."""

import logging
from collections.abc import Callable

from bot.composing.rate_limits import Limits
from bot.core import logs
from bot.core.config import Config
from bot.core.errors import ConfigError

AT_ONCE = ("limits", "log")  # sections

log = logging.getLogger(__name__)


class Reload:
    """Reads the settings anew with each call, and lets the log say what came of it.

    `verbose` is a log level of `info` that the command line asked for, whatever the settings say.
    """

    def __init__(self, read: Callable[[], Config], config: Config, limits: Limits, verbose: bool = False) -> None:
        self._read, self._config, self._limits, self._verbose = read, config, limits, verbose

    def __call__(self) -> None:
        try:
            new = self._read()
        except ConfigError as error:
            log.error("the settings stay as they were: %s", error)
            return
        changed = [name for name in type(new).model_fields if getattr(new, name) != getattr(self._config, name)]
        self._limits.member_cooldown = new.limits.member_cooldown
        self._limits.server_cooldown = new.limits.server_cooldown
        logs.set_up(new.log.format, "info" if self._verbose else new.log.level)
        log.warning("the settings were read anew: %s", _described(changed))
        self._config = self._config.model_copy(update={name: getattr(new, name) for name in AT_ONCE})


def _described(changed: list[str]) -> str:
    now = [f"[{name}]" for name in changed if name in AT_ONCE]
    later = [name if name in ("data_dir", "discord_token") else f"[{name}]" for name in changed if name not in AT_ONCE]
    parts = [f"{', '.join(now)} changed"] if now else []
    parts += [f"{', '.join(later)} will change with a restart"] if later else []
    return "; ".join(parts) or "nothing has changed"
