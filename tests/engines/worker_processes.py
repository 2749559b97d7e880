"""`python -m bot worker` in a process that can be killed, as a rule with the stand-in for the model."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from tests.command_line import ROOT, environment


class AgentProcess:
    """`python -m bot worker` with the stand-in, in a process of its own."""

    def __init__(
        self, folder: Path, url: str, name: str, lease: float, *options: str, program: str, trains: str = ""
    ) -> None:
        settings = {"BROKER": url, "NAME": name, "LEASE": str(lease)} | ({"TRAINS": trains} if trains else {})
        given = environment(folder / name, **{f"TUNESMITH_WORKERS__{key}": value for key, value in settings.items()})
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *program.split(), *options], cwd=ROOT, env=given, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        async with asyncio.timeout(120):
            while "ready for" not in self.log.read_text():
                assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, 30)

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


class StartAgent(Protocol):
    def __call__(
        self, name: str = ..., lease: float = ..., *options: str, program: str = ..., trains: str = ...
    ) -> AgentProcess: ...
