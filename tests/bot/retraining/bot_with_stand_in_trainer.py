"""`python -m bot` with the stand-in for a trainer: `python -m tests.bot.retraining.bot_with_stand_in_trainer WORDS -- ARGUMENTS OF THE BOT`."""

import sys
from typing import Any

from bot import __main__
from bot.app import bot as service
from bot.workers.local.trainer import Trainer
from tests.bot.workers.local.test_trainer import STAND_IN


def main(words: list[str]) -> int:
    at = words.index("--")

    def trainer(**limits: Any) -> Trainer:
        return Trainer((*STAND_IN, *words[:at]), nice=0, **limits)

    stand_ins: dict[str, Any] = {"Trainer": trainer}
    for name, stand_in in stand_ins.items():
        setattr(service, name, stand_in)
    return __main__.main(words[at + 1 :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
