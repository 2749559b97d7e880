"""Embeds about the model fit into what Discord takes, and escape what members typed."""

from datetime import UTC, datetime

from bot.core.retraining import Options, Retraining, RetrainingStatus, VersionStats
from bot.core.values import Version
from bot.discord.messages.model import LISTED, model_embed, retraining_embed, version_label, versions_embed
from bot.retraining.model_status import ModelStatus

NOW = datetime(2026, 11, 28, tzinfo=UTC)
VERSION = Version(1, "/1.safetensors", "1" * 64, "trad", NOW, note="shipped with Tunesmith")
RETRAINING = Retraining(
    id=3,
    member_id=1,
    member_name="*boss*",
    server_id=1,
    platform="discord",
    status=RetrainingStatus.FAILED,
    options=Options(6, dry_run=True),
    base=1,
    created_at=NOW,
    votes=6,
    tunes=3,
    error="the disk is full @everyone",
)


def test_a_retraining_says_what_became_of_it() -> None:
    embed = retraining_embed(RETRAINING, picture=False)
    assert embed.title == "Retraining 3, a dry run"
    assert "The disk is full @\u200beveryone" in (embed.description or "") or "@\u200beveryone" in (
        embed.description or ""
    )
    assert {field.name: field.value for field in embed.fields} == {
        "From": "version 1",
        "Learns from": "6 votes on 3 tunes",
    }
    assert embed.image.url is None
    assert retraining_embed(RETRAINING, picture=True).image.url == "attachment://loss.png"


def test_the_status_has_both_retrainings_and_says_that_nobody_composes() -> None:
    embed = model_embed(ModelStatus(VERSION, opened=RETRAINING, last=RETRAINING, votes=1, minimum=6))
    fields = {field.name: field.value or "" for field in embed.fields}
    assert fields["To learn from"] == "1 vote; a retraining needs 6"
    assert fields["Workers"] == "none just now"
    assert fields["Under way"].startswith("3 · <t:")
    assert fields["The last retraining"].startswith("3 · <t:")


def test_as_many_versions_are_listed_as_fit() -> None:
    stats = VersionStats(VERSION, up=3, down=1, current=True, retraining=RETRAINING)
    lines = (versions_embed([stats] * 100).description or "").splitlines()
    assert len(lines) == LISTED
    assert lines[0].startswith(r"**v1** · **in use** · <t:1795824000:d> · \*boss\*")
    assert lines[0].endswith("75% of 4 votes up")
    assert version_label(stats) == "1: 75% of 4 votes up, 2026-11-28"
    assert version_label(VersionStats(VERSION, 0, 0, False, None)) == "1: no votes since, 2026-11-28"
