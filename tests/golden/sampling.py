"""`python -m tests.golden.sampling SAMPLES`: what `python -m model sample` writes, by rhythm; in one process, as JSON.

SAMPLES is JSON: a list of key, rhythm and form. Two tunes of each are composed with seed 5.
"""

import io
import json
import sys
from contextlib import redirect_stdout

from model.__main__ import main


def sampled(key: str, rhythm: str, form: str) -> str:
    written = io.StringIO()
    with redirect_stdout(written):
        prompt = ("--key", key, "--rhythm", rhythm, "--form", form, "--count", "2", "--seed", "5")
        status = main(["sample", *prompt, "--threads", "1"])
    assert status == 0
    return written.getvalue()


if __name__ == "__main__":
    print(json.dumps({rhythm: sampled(key, rhythm, form) for key, rhythm, form in json.loads(sys.argv[1])}))
