"""Options that commands of `python -m model` and `python -m bot` share."""

import argparse
import os
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from model.errors import InputError, NotationError
from model.music.abc_encoding import decode
from model.music.abc_file import tune_texts
from model.music.abc_reader import parse
from model.music.instruments import INSTRUMENTS
from model.music.parts import form_of, parts_of
from model.prompt import TEMPOS, VARIATIONS, Prompt, parse_prompt

LONGEST_NAME = 4096  # characters of a path
MOST_THREADS = 1024


class Parser(argparse.ArgumentParser):
    """Prints errors of the command line as one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; {self.prog} --help explains\n")


def add_prompt_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that make a prompt; `prompt_of` and `parse_count` check their values."""
    parser.add_argument("--key", required=True, help="tonic and mode: D, Gm, Edor, Amix, F#m")
    parser.add_argument("--rhythm", help="jig, reel, ... (default: drawn)")
    parser.add_argument("--temperature", default="1.0", help="0.1 (careful) to 2.0 (wild)")
    parser.add_argument("--form", help="AB, AABB, AABBCC or AABA, with :4, :8 or :16 bars a part (default: AABB:8)")
    parser.add_argument("--count", default="1", help="how many tunes")
    parser.add_argument("--seed", help="of the first tune; the others count up (default: drawn)")
    parser.add_argument(
        "--opening", default="", help="ABC that the tunes begin with, or a file of it whose name ends in .abc"
    )
    parser.add_argument(
        "--transpose", action="store_true", help="move an opening that has a K: of its own to the key asked for"
    )
    parser.add_argument("--instrument", help=f"compose within its range: {', '.join(INSTRUMENTS)}")
    variations = "; ".join(f"{name}: {does}" for name, does in VARIATIONS.items())
    parser.add_argument("--vary", default="", help=f"vary the whole tune that --opening gives ({variations})")


def add_playing_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a prompt that say how its tunes are played."""
    low, high = TEMPOS
    parser.add_argument("--tempo", help=f"{low} to {high} beats a minute (default: as the dance is played)")
    parser.add_argument("--band", default="yes", help="yes or no: guitar, bass and bodhrán behind the tune")


def add_threads_option(parser: argparse.ArgumentParser, default: int | None = None) -> None:
    """Adds `--threads`, by default `default` or all processors."""
    default = default or os.cpu_count()
    help_text = f"CPU threads (default: {default})"
    parser.add_argument("--threads", type=_threads, default=default, metavar="N", help=help_text)


def _threads(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"{text[:20]} is no number of threads from 1 to {MOST_THREADS}")
    return int(text)


def prompt_of(options: argparse.Namespace) -> Prompt:
    """The prompt by the options of `add_prompt_options`. Raises InputError.

    A tune to vary has its own rhythm and form, unless the options name others.
    """
    opening = opening_of(options.opening)
    own = settings_of(opening) if options.vary else {}
    return parse_prompt(
        options.key,
        options.rhythm or own.get("rhythm"),
        options.temperature,
        options.form or own.get("form"),
        options.seed,
        opening,
        options.transpose,
        options.vary,
        getattr(options, "tempo", None),
        options.instrument,
        getattr(options, "band", True),
    )


def opening_of(text: str) -> str:
    """ABC as it was typed, or the one tune in the file that was named. Raises InputError."""
    if not text.endswith(".abc") or len(text) > LONGEST_NAME:
        return text
    try:
        abc, _ = decode(Path(text).read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the opening from {text}: {getattr(error, 'strerror', None) or error}") from error
    if "\ufffd" in abc:
        raise InputError(f"cannot read the opening from {text}: it is not text in the encoding that it says")
    tunes = list(tune_texts(abc))
    if len(tunes) > 1:
        raise InputError(f"{text} has {len(tunes)} tunes: keep the one to begin with")
    return tunes[0].text if tunes else abc


def settings_of(opening: str) -> dict[str, str]:
    """The rhythm and the form of a tune in ABC, as model.prompt.parse_prompt takes them, where they can be read."""
    settings: dict[str, str] = {}
    with suppress(NotationError):
        tune = parse(opening)
        settings |= {"rhythm": tune.rhythm} if tune.rhythm else {}
        form = form_of(parts_of(tune))
        settings |= {"form": str(form)} if form else {}
    return settings
