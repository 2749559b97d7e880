"""The trainer: a process of low priority that makes a candidate from voted tunes. `model/retraining/finetune.py` is the other end.

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
PROOF_WITHIN = 300.0  # seconds; two or three where the machine has nothing else to do
_ROOT = Path(__file__).parents[3]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trainer:
    """Runs one process at a time for whoever calls; the process is gone when the call ends, also when it is cancelled.

    It may take `deadline` seconds, and say nothing for `silence`; told to leave, it gets `grace`.
    """

    command: Sequence[str] = (sys.executable, "-m", "model")
    deadline: float = 3600.0
    silence: float = 600.0
    grace: float = 5.0
    nice: int = 19  # the lowest priority; those who ask for tunes come first

    async def finetune(self, work: TrainingJob, heard: Callable[[Step], None]) -> None:
        """Make a candidate and its report; `heard` is told of each step.

        BadRequest for input that the trainer refuses, TrainerError for its failures, each with its own last line.
        """

        def hear(line: bytes) -> None:
            if step := _step(line):
                heard(step)

        await self._run(work.words(), self.deadline, hear)

    async def prove(self, candidate: Path) -> None:
        """Compose a tune with a candidate, an absolute path.

        TrainerError where it cannot be used, as when its weights are no numbers.
        """
        try:
            words = ["sample", "--checkpoint", str(candidate), *_PROOF]
            await self._run(words, min(self.deadline, PROOF_WITHIN), lambda _: None)
        except (BadRequest, TrainerError) as error:
            raise TrainerError(f"the candidate cannot be used: {error}") from error

    async def _run(self, words: Sequence[str], deadline: float, hear: Callable[[bytes], None]) -> None:
        process = await self._spawn(words)
        assert process.stdout
        assert process.stderr
        said: deque[str] = deque(maxlen=20)

        def complain(line: str) -> None:
            said.append(line)
            log.info("trainer: %s", line)

        listening = asyncio.create_task(subprocesses.lines(process.stderr, complain), name="trainer stderr")
        try:
            async with asyncio.timeout(deadline):
                await self._hear(process.stdout, hear)
                await process.wait()
                await listening
        except TimeoutError as error:
            raise TrainerError(f"the trainer was not done within {deadline:g} s, so it was stopped") from error
        finally:
            await self._end(process)
            listening.cancel()
        _check(process.returncode or 0, said)

    async def _hear(self, stdout: asyncio.StreamReader, hear: Callable[[bytes], None]) -> None:
        while True:
            try:
                async with asyncio.timeout(self.silence):
                    line = await stdout.readline()
            except TimeoutError as error:
                raise TrainerError(f"the trainer said nothing for {self.silence:g} s, so it was stopped") from error
            except ValueError:  # a line without end
                continue
            if not line:
                return
            hear(line)

    async def _spawn(self, words: Sequence[str]) -> Process:
        environment = {
            **subprocesses.environment(1),
            "OMP_WAIT_POLICY": "passive",
        }  # or its threads spin while they wait
        try:
            process = await subprocesses.start(
                *(*self.command, *words),
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
            log.warning("the trainer did not leave within %g s: it is killed", self.grace)
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


def _check(status: int, said: Sequence[str]) -> None:
    if status == 0:
        return
    last = next((line for line in reversed(said) if line.strip()), "").removeprefix("error: ").strip()
    if status < 0:
        raise TrainerError(f"the trainer was killed by signal {-status}" + (f" ({last})" if last else ""))
    line = last or f"the trainer ended with status {status} and said nothing"
    raise BadRequest(line) if status == _BAD_INPUT else TrainerError(line)
