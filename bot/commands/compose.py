"""`compose`: compose tunes and write their files into a folder."""

import argparse
import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.app.bot import Service, running
from bot.core.config import Config
from bot.core.errors import BadRequest, ConfigError, WorkerError
from bot.core.values import Place, State, StoredTune
from model.commands.arguments import add_playing_options, add_prompt_options, prompt_of
from model.prompt import LARGEST_SEED, Prompt, parse_count

KINDS = ("abc", "mid", "png", "mp3")


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "compose",
        help="compose tunes into a folder",
        description="Compose tunes and write NAME.abc, .mid, .png and .mp3 of each.",
    )
    add_prompt_options(parser)
    add_playing_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--json", action="store_true", help="print one JSON list that describes the tunes")
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace) -> int:
    prompt = prompt_of(options)
    count = parse_count(options.count)
    if prompt.seed + count - 1 > LARGEST_SEED:
        raise BadRequest(f"seed {prompt.seed} leaves no room for {count} tunes: the largest seed is {LARGEST_SEED}")
    out: Path = options.out
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the folder {out}: {error.strerror}") from error
    tunes = asyncio.run(_compose(config, prompt, count, out))
    if options.json:
        print(json.dumps(tunes, indent=2))
    else:
        for tune in tunes:
            print(f"{tune['title']}: {' '.join(tune['files'].values())}")
    return 0


async def _compose(config: Config, prompt: Prompt, count: int, out: Path) -> list[dict[str, Any]]:
    place = Place("cli", "local", os.environ.get("USER") or "local")
    async with running(config) as service:
        updates = service.composer.subscribe()
        accepted = await service.composer.compose(place, prompt, count)
        progress = await service.composer.finished(accepted.prompt.id, updates)
        if progress.prompt.state is not State.DONE:
            raise (BadRequest if progress.refused else WorkerError)(progress.prompt.error or "cancelled")
        return [await _write(service, tune, out) for tune in progress.tunes]


async def _write(service: Service, tune: StoredTune, out: Path) -> dict[str, Any]:
    files, media = {}, await service.library.files(tune)
    for kind in KINDS:
        path = out / service.library.file_name(tune, kind)
        try:
            await asyncio.to_thread(path.write_bytes, media[kind])
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error.strerror}") from error
        files[kind] = str(path)
    return {
        "id": tune.id,
        "title": tune.title,
        "key": str(tune.prompt.key),
        "rhythm": tune.prompt.rhythm,
        "form": str(tune.prompt.form),
        "temperature": tune.prompt.temperature,
        "drawn_temperature": tune.drawn_temperature,
        "nearest": asdict(tune.nearest) if tune.nearest else None,
        "tempo": tune.prompt.tempo,
        "instrument": tune.prompt.instrument,
        "band": tune.prompt.band,
        "seed": tune.prompt.seed,
        "version": tune.version,
        "files": files,
    }
