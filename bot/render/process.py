"""A render process: `python -m bot.render.process SECONDS` reads requests and writes replies, one line of JSON each.

A request is `{"abc": text, "kinds": ["png", …]}`, `{"book": …}` with what bot.render.book wants, or `{"chart":
[[step, loss], …]}`; a reply is `{"png": base64, …}`, `{"pdf": base64}` or `{"error": one line}`, with a `traceback` for
the log where nobody foresaw it. The first reply, `{}`, says that the process is warm.
It ends when its input ends, as it does when the bot is gone.
"""

import base64
import faulthandler
import json
import os
import signal
import sys
import traceback
from dataclasses import replace

from bot.core.errors import RenderError
from bot.render import audio, chart, midi, picture
from bot.render.printable import printable
from model.errors import InputError
from model.music.abc_reader import parse

_SPARE = 10.0  # seconds past the bot's own limit, after which a process that nobody waits for any more ends itself
_WARM_UP = "X:1\nT:Warm\nR:reel\nM:4/4\nL:1/8\nK:D\n|:DEFG A4:|\n"


def render(abc: str, kinds: list[str]) -> dict[str, bytes]:
    """The files of the tune in `abc`. Raises RenderError or InputError, whose messages are one line."""
    tune = parse(abc)
    tune = replace(tune, title=printable(tune.title), rhythm=printable(tune.rhythm))
    files: dict[str, bytes] = {}
    if "png" in kinds:
        files["png"] = picture.png(tune)
    if {"mid", "mp3"} & set(kinds):
        score = midi.perform(tune)
        if "mid" in kinds:
            files["mid"] = score.dumps_midi()
        if "mp3" in kinds:
            files["mp3"] = audio.mp3(score)
    return files


def _answer(line: bytes) -> dict[str, str]:
    request = json.loads(line)
    try:
        if "book" in request:
            from bot.render import book  # Typst takes long to load, and few books are made

            files = {"pdf": book.pdf(request["book"])}
        elif "chart" in request:
            files = {"png": chart.png(request["chart"])}
        else:
            files = render(request["abc"], request["kinds"])
    except (RenderError, InputError) as error:
        return {"error": " ".join(str(error).split())}
    except Exception as error:
        return {
            "error": f"the tune could not be rendered ({type(error).__name__})",
            "traceback": traceback.format_exc(),
        }
    return {kind: base64.b64encode(data).decode() for kind, data in files.items()}


def main() -> None:
    """Serve requests until the input ends."""
    for name in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C, or a service that stops, reaches children too
        signal.signal(name, signal.SIG_IGN)  # the bot closes them when it has no more to render
    limit = float(sys.argv[1]) + _SPARE
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the replies
    render(_WARM_UP, ["png", "mid", "mp3"])
    reply: dict[str, str] = {}
    while True:
        replies.write(json.dumps(reply).encode() + b"\n")
        replies.flush()
        line = sys.stdin.buffer.readline()
        if not line:
            return
        faulthandler.dump_traceback_later(limit, exit=True)
        reply = _answer(line)
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
