"""Retrainings, versions and workers, each described in a line."""

from bot.core.retraining import Retraining, RetrainingStatus
from bot.core.values import Version
from bot.core.wording import counted
from bot.retraining.report import validated
from bot.workers.health import Health
from model.retraining.protocol import GateTest

_STAGES = {"reading": "reading what to learn from", "tuning": "learning", "checking": "checking what was learned"}


def line(retraining: Retraining) -> str:
    """How far a retraining is, or how it ended."""
    match retraining.status:
        case RetrainingStatus.QUEUED:
            return "waiting to begin"
        case RetrainingStatus.RUNNING:
            return _running(retraining)
        case RetrainingStatus.PROMOTED if retraining.chosen:
            return f"passed: version {retraining.version} composes from the next prompt on"
        case RetrainingStatus.PROMOTED:
            return (
                f"passed: it is version {retraining.version}, but another was chosen meanwhile:"
                f" /model rollback version:{retraining.version} to use it"
            )
        case RetrainingStatus.PASSED:
            return "passed; a dry run, so nothing has changed"
        case RetrainingStatus.REFUSED:
            return f"refused, so nothing has changed: {refusal(retraining)}"
        case RetrainingStatus.FAILED:
            return f"failed, so nothing has changed: {retraining.error}"
    return "cancelled, so nothing has changed"


def refusal(retraining: Retraining) -> str:
    """Which tests a candidate failed, and by how much."""
    failed = validated(retraining.report).failed if retraining.report else ()
    return "; ".join(map(_missed, failed)) or "the trainer did not say why"


def worker(health: Health) -> str:
    """A worker, such as `gpu (NVIDIA H100): 30 of 32 slots free, holds versions 1 and 2, trains, heard of 1 s ago`."""
    *others, last = map(str, health.versions or ("",))
    holds = f"holds versions {', '.join(others)} and {last}" if others else f"holds version {last}" if last else ""
    free = f"{health.free} of {health.slots} slots free"
    facts = [free, holds, "trains" if health.trains else "", f"heard of {health.seen:.0f} s ago"]
    return f"{health.name} ({health.device or 'device unknown'}): {', '.join(fact for fact in facts if fact)}"


def note(retraining: Retraining) -> str:
    """The note of a version that a retraining made: `retraining 2: 6 votes on 3 tunes`."""
    return f"retraining {retraining.id}: {learned(retraining)}"


def learned(retraining: Retraining) -> str:
    """What a retraining learns from: `6 votes on 3 tunes`."""
    return f"{counted(retraining.votes, 'vote')} on {counted(retraining.tunes, 'tune')}"


def scores(retraining: Retraining | None) -> str:
    """What the gate measured of a candidate: `bits per note 2.01, diversity 0.97`."""
    measured = validated(retraining.report).scores if retraining and retraining.report else {}
    return ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in measured.items())


def origin(version: Version) -> str:
    """The note or name of a version that no retraining made."""
    return version.note or version.name


def _running(retraining: Retraining) -> str:
    step = retraining.progress.step
    stage = _STAGES.get(step.stage, "getting ready")
    stage += f" ({step.test.replace('_', ' ')})" if step.test else ""
    return f"{stage}, {100 * step.done // step.of}%" if step.of > 0 else stage


def _missed(test: GateTest) -> str:
    if test.value is None or test.limit is None:
        return test.says
    return f"{test.says} (missed by {abs(test.value - test.limit):.3g})"
