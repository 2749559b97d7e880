"""`python -m bot` with the stand-in for a trainer.

`python -m tests.bot.retraining.bot_with_stand_in_trainer WORDS FOR THE STAND-IN -- ARGUMENTS OF THE BOT`
"""

import sys
from functools import partial
from unittest.mock import patch

from bot import __main__
from bot.workers.local.trainer import Trainer
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER


def main(words: list[str]) -> int:
    at = words.index("--")
    stand_in = partial(Trainer, (*STAND_IN_TRAINER, *words[:at]), nice=0)
    with patch("bot.app.bot.Trainer", stand_in):
        return __main__.main(words[at + 1 :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
