"""What the command lines of `python -m model` and `python -m bot` share."""

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; {self.prog} --help explains\n")


def add_prompt_options(parser: argparse.ArgumentParser) -> None:
    """The options that make a prompt; `model.jobs.parse_prompt` and `parse_count` check their values."""
    parser.add_argument("--key", required=True, help="tonic and mode: D, Gm, Edor, Amix, F#m")
    parser.add_argument("--rhythm", help="jig, reel, ... (default: drawn)")
    parser.add_argument("--temperature", default="1.0", help="0.1 (careful) to 2.0 (wild)")
    parser.add_argument("--form", help="AB, AABB, AABBCC or AABA, with :4, :8 or :16 bars a part (default: AABB:8)")
    parser.add_argument("--count", default="1", help="how many tunes")
    parser.add_argument("--seed", help="of the first tune; the others count up (default: drawn)")
    parser.add_argument("--opening", default="", help="ABC that the tunes begin with, in the key asked for")
