"""The page's JavaScript modules, by node's own test runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="no node: apt-get install nodejs")
def test_modules() -> None:
    tests = Path(__file__).with_name("modules.test.mjs")
    ran = subprocess.run([str(NODE), "--test", str(tests)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "# pass 9" in ran.stdout
