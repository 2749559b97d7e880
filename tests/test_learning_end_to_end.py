"""From votes to the version that composes: the real trainer and worker, on a network that two cores tune in seconds."""

import sys
from pathlib import Path

import torch

from bot.core.retraining import RetrainingStatus
from bot.core.values import NewPrompt, NewTune, Place
from bot.retraining.retrainer import Retrainer
from bot.store import Store
from bot.workers.local.trainer import Trainer
from bot.workers.local.worker import LocalWorker
from model.music.abc_writer import write
from model.network import checkpoint
from model.prompt import parse_prompt
from model.retraining.simulated_preferences import few_notes
from model.sampling.sampler import Sampler, numbered
from model.worker.protocol import Job
from tests.bot.retraining.retrainers import ANN, BOSS, Draws
from tests.model.random_corpora import jigs
from tests.model.small_checkpoint import small_checkpoint

TUNES, JUDGES = 180, 12
JIG = parse_prompt("D", "jig", form="AB:4", seed=500)
FEWER = """
import sys
from model.__main__ import main
book, *words = sys.argv[1:]
sys.exit(main([*words, "--composed", "30", "--nice", "0", "--corpus", book] if words[0] == "finetune" else words))
"""  # the real commands; the gate composes fewer tunes, and there is one small book to remember by


async def vote(store: Store) -> None:
    """Ann's jigs with few notes are liked, those with many disliked, by members who composed none."""
    torch.set_num_threads(1)
    made = Sampler(checkpoint.read(checkpoint.SHIPPED)).compose(numbered(JIG, TUNES))
    prompt = await store.prompts.add(NewPrompt(*await store.members.register(ANN), JIG, TUNES, version=1))
    new = [NewTune(n, JIG.seed + n, one.tune.title, write(one.tune)) for n, one in enumerate(made)]
    tunes = await store.prompts.finish(prompt.id, new)
    fullest_first = sorted(range(TUNES), key=lambda n: few_notes(made[n].normalized))
    for place, n in enumerate(fullest_first):
        if 1 / 3 <= place / TUNES < 2 / 3:
            continue
        judge, _ = await store.members.register(Place("web", "local", f"judge {n % JUDGES}"))
        await store.votes.cast(tunes[n].id, judge, 1 if place > TUNES / 2 else -1)


async def test_votes_become_the_version_that_composes(tmp_path: Path) -> None:
    first, book = tmp_path / "first.safetensors", tmp_path / "book.abc"
    checkpoint.write(first, small_checkpoint())
    book.write_text(jigs(200))
    trainer = Trainer((sys.executable, "-c", FEWER, str(book)), nice=0)
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        await store.versions.add(str(first), checkpoint.sha256(first), "small", 1)
        await store.versions.choose(1)
        await vote(store)
        folders = tmp_path / "checkpoints", tmp_path
        async with Retrainer(store, trainer, *folders, Draws(), minimum_votes=TUNES // 2) as retrainer:
            updates = retrainer.subscribe()
            begun = await retrainer.start(BOSS)
            done = await retrainer.finished(begun.id, updates)
        assert done.status is RetrainingStatus.PROMOTED, done.report
        assert done.report
        assert [test["passed"] for test in done.report["tests"]] == [True] * 5
        assert await store.versions.current() == done.version == 2
        _, learned = await store.versions.load_all()
    async with LocalWorker(1, first) as worker:
        event = await worker.compose(Job("1.0", JIG, 60.0, learned.path, learned.sha256, learned.number))
    assert (event.state, event.version, event.note) == ("done", 2, "")
