"""Runs a trainer, a process of low priority that makes a candidate from voted tunes (`model/commands/finetune.py`).

It shares the bot's session, since the kernel weighs sessions against each other before it looks at priorities.
"""

import asyncio
import contextlib
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core import subprocesses
from bot.core.errors import BadRequest, TrainerError
from bot.workers.training_job import TrainingJob
from model.retraining.protocol import Step

_LONGEST_LINE = 1_000_000  # bytes
_BAD_INPUT = 2  # exit status
_PROOF = ("--key", "D", "--rhythm", "reel", "--count", "1", "--seed", "1", "--threads", "1")
PROOF_TIMEOUT = 300.0  # seconds; two or three where the machine has nothing else to do
_ROOT = Path(__file__).parents[3]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trainer:
    """Runs one process for each call; it is gone when the call ends, also when it is cancelled.

    It may take `deadline` seconds, and be silent for `silence`; after SIGTERM it has `grace` to exit.
    """

    command: Sequence[str] = (sys.executable, "-m", "model")
    deadline: float = 3600.0
    silence: float = 600.0
    grace: float = 5.0
    nice: int = 19  # the lowest priority; composing comes first

    async def finetune(self, job: TrainingJob, on_step: Callable[[Step], None]) -> None:
        """Make a candidate and its report; `on_step` is called with each step.

        BadRequest for input that the trainer refuses, TrainerError for its failures, each with its own last line.
        """

        def on_line(line: bytes) -> None:
            if step := _step(line):
                on_step(step)

        await self._run(job.arguments(), self.deadline, on_line)

    async def prove(self, candidate: Path) -> None:
        """Compose a tune with a candidate, an absolute path.

        TrainerError where it cannot be used, as when its weights are no numbers.
        """
        try:
            arguments = ["sample", "--checkpoint", str(candidate), *_PROOF]
            await self._run(arguments, min(self.deadline, PROOF_TIMEOUT), lambda _: None)
        except (BadRequest, TrainerError) as error:
            raise TrainerError(f"the candidate cannot be used: {error}") from error

    async def _run(self, arguments: Sequence[str], deadline: float, on_line: Callable[[bytes], None]) -> None:
        process = await self._spawn(arguments)
        assert process.stdout
        assert process.stderr
        errors: deque[str] = deque(maxlen=20)

        def on_error(line: str) -> None:
            errors.append(line)
            log.info("trainer: %s", line)

        stderr = asyncio.create_task(subprocesses.read_lines(process.stderr, on_error), name="trainer stderr")
        try:
            async with asyncio.timeout(deadline):
                await self._read(process.stdout, on_line)
                await process.wait()
                await stderr
        except TimeoutError as error:
            raise TrainerError(f"the trainer was not done within {deadline:g} s, so it was stopped") from error
        finally:
            await self._end(process)
            stderr.cancel()
        _check(process.returncode or 0, errors)

    async def _read(self, stdout: asyncio.StreamReader, on_line: Callable[[bytes], None]) -> None:
        while True:
            try:
                async with asyncio.timeout(self.silence):
                    line = await stdout.readline()
            except TimeoutError as error:
                raise TrainerError(f"the trainer said nothing for {self.silence:g} s, so it was stopped") from error
            except ValueError:  # longer than the limit
                continue
            if not line:
                return
            on_line(line)

    async def _spawn(self, arguments: Sequence[str]) -> Process:
        # OMP_WAIT_POLICY: or its threads spin while they wait
        environment = {**subprocesses.environment(1), "OMP_WAIT_POLICY": "passive"}
        try:
            process = await subprocesses.start(
                *(*self.command, *arguments),
                cwd=_ROOT,
                env=environment,
                stdin=PIPE,  # it ends when this closes, as it does when the bot is killed
                stdout=PIPE,
                stderr=PIPE,
                limit=_LONGEST_LINE,
            )
        except OSError as error:
            raise TrainerError(f"the trainer cannot start: {error.strerror or error}") from error
        with contextlib.suppress(OSError):  # it is gone already
            os.setpriority(os.PRIO_PROCESS, process.pid, self.nice)
        return process

    async def _end(self, process: Process) -> None:
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self.grace):
                await process.wait()
        except TimeoutError:
            log.warning("the trainer did not exit within %g s: it is killed", self.grace)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def _step(line: bytes) -> Step | None:
    """The step that a line holds; None where it is none, such as what a library prints."""
    try:
        return Step.from_line(line)
    except (ValueError, TypeError, RecursionError):
        log.info("trainer: %s", line.decode(errors="replace").rstrip())
        return None


def _check(status: int, errors: Sequence[str]) -> None:
    """TrainerError or BadRequest, with the last line on stderr, for an exit status other than 0."""
    if status == 0:
        return
    last = next((line for line in reversed(errors) if line.strip()), "").removeprefix("error: ").strip()
    if status < 0:
        raise TrainerError(f"the trainer was killed by signal {-status}" + (f" ({last})" if last else ""))
    line = last or f"the trainer ended with status {status} and said nothing"
    raise BadRequest(line) if status == _BAD_INPUT else TrainerError(line)
