"""What is dear to make, made once a session."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def abc2midi(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """abc2midi's complaints about an ABC file; empty where it has none."""
    if shutil.which("abc2midi") is None:
        pytest.skip("abc2midi is not installed (Debian: abcmidi)")
    folder = tmp_path_factory.mktemp("abc2midi")

    def complaints(abc: str) -> str:
        (folder / "tunes.abc").write_text(abc)
        told = subprocess.run(
            ["abc2midi", "tunes.abc", "-silent"], cwd=folder, capture_output=True, text=True, timeout=30, check=False
        )
        lines = (told.stdout + told.stderr).splitlines()
        return "\n".join(line for line in lines if line.startswith(("Warning", "Error")))

    return complaints
