import io
from importlib import import_module
from typing import Any

import symusic

from bot.render.performance.perform import perform
from bot.render.performance.score import midi
from bot.render.reading import read
from tests.bot.render.tunes import JIG

mido = import_module("mido")  # it has no types


def messages(abc: str) -> list[dict[str, Any]]:
    """Of each track, its messages by type, the last of each."""
    file = mido.MidiFile(file=io.BytesIO(midi(perform(read(abc)))))
    return [{message.type: message for message in track} for track in file.tracks]


def test_each_player_has_a_named_track_with_channel_and_program() -> None:
    tracks = [track for track in messages(JIG) if "note_on" in track]
    names = [track["track_name"].name.encode("latin-1").decode() for track in tracks]
    assert names[0] == "Fiddle"
    assert names[2:] == ["Bass", "Bodhrán"]
    programs = [track["program_change"] for track in tracks]
    assert [message.program for message in programs] == [40, 25, 32, 117]
    assert len({message.channel for message in programs}) == 4
    assert all(track["note_on"].channel == track["program_change"].channel for track in tracks)


def test_title_key_metre_and_tempo_are_in_the_file() -> None:
    found = {kind: message for track in messages(JIG) for kind, message in track.items()}
    assert found["marker"].text.encode("latin-1").decode() == "Tatter Jack Éirinn's Café"
    assert (found["time_signature"].numerator, found["time_signature"].denominator) == (6, 8)
    assert found["key_signature"].key == "F#m"
    assert round(mido.tempo2bpm(found["set_tempo"].tempo), 2) == 168


def test_other_readers_accept_the_file() -> None:
    performance = perform(read(JIG))
    again = symusic.Score.from_midi(midi(performance))
    assert [track.note_num() for track in again.tracks] == [len(player.sounds) for player in performance.players]
