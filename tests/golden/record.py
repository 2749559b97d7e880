"""`python -m tests.golden.record [FILE…]`: record the present outputs."""

import sys
from pathlib import Path

from tests.golden.outputs import OUTPUTS

if __name__ == "__main__":
    for name in sys.argv[1:] or OUTPUTS:
        Path(__file__).with_name(name).write_text(OUTPUTS[name]())
