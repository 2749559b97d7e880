"""`tunesmith` does all that `python -m bot` does."""

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

from tests.command_line import ROOT

COMMANDS = ("serve", "compose", "worker", "backup", "restore", "migrate", "check", "retrain", "bench", "soak")


def test_the_command_that_is_installed_leads_to_the_same_program(tmp_path: Path) -> None:
    (entry,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"].items()
    name, (module, function) = entry[0], entry[1].split(":")
    assert callable(getattr(import_module(module), function))
    program = tmp_path / name  # as pip writes it
    program.write_text(f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n")
    ran = subprocess.run([sys.executable, program, "--help"], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, text=True,
                         capture_output=True, check=True)  # fmt: skip
    assert ran.stdout.startswith("usage: tunesmith [-h]")
    listed = {line.split()[0] for line in ran.stdout.splitlines() if line.startswith("    ")}
    assert set(COMMANDS) <= listed
