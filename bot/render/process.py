"""A render process: `python -m bot.render.process SECONDS [SOUNDFONT]` reads requests and writes replies.

Each is one line of JSON. A request is `{"abc": text, "kinds": ["png", …], "playing": {…}, "sheet": {…}}` with the
fields of bot.core.rendering, `{"score": abc, "narrow": false, "playing": {…}}`, `{"book": …}` with what bot.render.book
wants, or `{"chart": [[step, loss], …]}`; a reply is `{"png": base64, …}`, `{"svg": …, "times": …}`, `{"pdf": base64}`
or `{"error": one line}`, with a `traceback` for the log where the error was unexpected. The first reply means that the
process is warm, `{}`, or says why it cannot be, an error.
It exits when its input ends, as it does when the bot is gone.
"""

import base64
import faulthandler
import json
import os
import signal
import sys
import traceback
from typing import BinaryIO

from bot.core.errors import RenderError
from bot.core.rendering import Playing, Sheet
from bot.render import chart
from bot.render.files import files
from bot.render.reading import read
from bot.render.score import score
from bot.render.sound import soundfonts
from bot.render.sound.sampler import Sampler
from model.errors import InputError

_SPARE = 10.0  # seconds past the bot's own limit, after which the process exits by itself
_WARM_UP = "X:1\nT:Warm\nR:reel\nM:4/4\nL:1/8\nK:D\n|:DEFG A4:|\n"


def _answer(line: bytes, sampler: Sampler) -> dict[str, str]:
    request = json.loads(line)
    try:
        if "book" in request:
            from bot.render import book  # Typst is slow to load, and books are rare

            made = {"pdf": book.pdf(request["book"])}
        elif "chart" in request:
            made = {"png": chart.png(request["chart"])}
        elif "score" in request:
            made = score(read(request["score"], Playing(**request["playing"])), request["narrow"])
        else:
            playing, sheet = Playing(**request["playing"]), Sheet(**request["sheet"])
            made = files(request["abc"], request["kinds"], sampler, playing, sheet)
    except (RenderError, InputError) as error:
        return _error(error)
    except Exception as error:
        return {
            "error": f"the tune could not be rendered ({type(error).__name__})",
            "traceback": traceback.format_exc(),
        }
    return {kind: base64.b64encode(data).decode() for kind, data in made.items()}


def _error(error: Exception) -> dict[str, str]:
    return {"error": " ".join(str(error).split())}


def main() -> None:
    """Serve requests until the input ends."""
    for name in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C, or a service that stops, reaches children too
        signal.signal(name, signal.SIG_IGN)  # the bot closes its input when it has no more to render
    limit = float(sys.argv[1]) + _SPARE
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the replies
    try:
        sampler = soundfonts.sampler(*sys.argv[2:3])
        files(_WARM_UP, ["png", "mid", "mp3"], sampler, Playing(), Sheet())
    except RenderError as error:
        _reply(replies, _error(error))
        return
    reply: dict[str, str] = {}
    while True:
        _reply(replies, reply)
        line = sys.stdin.buffer.readline()
        if not line:
            return
        faulthandler.dump_traceback_later(limit, exit=True)
        reply = _answer(line, sampler)
        faulthandler.cancel_dump_traceback_later()


def _reply(replies: BinaryIO, reply: dict[str, str]) -> None:
    replies.write(json.dumps(reply).encode() + b"\n")
    replies.flush()


if __name__ == "__main__":
    main()
