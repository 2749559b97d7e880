"""Performance -> MIDI file, by symusic, which takes under a millisecond; music21 takes 80."""

import symusic

from bot.render.performance.players import TICKS, Performance


def midi(performance: Performance) -> bytes:
    """A standard MIDI file of format 1: one named track for each player with a channel and program of its own."""
    tune = performance.tune
    score = symusic.Score(TICKS)
    score.tempos.append(symusic.Tempo(0, qpm=performance.quarters))
    score.time_signatures.append(symusic.TimeSignature(0, tune.metre.beats, tune.metre.unit))
    score.key_signatures.append(symusic.KeySignature(0, tune.key.fifths, int(tune.key.mode == "m")))
    score.markers.append(symusic.TextMeta(0, tune.title))
    for player in performance.players:
        track = symusic.Track(player.name, player.program, False)
        for start, end, pitch, velocity in player.sounds:
            track.notes.append(symusic.Note(start, max(1, end - start), pitch, velocity))
        score.tracks.append(track)
    data: bytes = score.dumps_midi()
    return data
