"""A soundfont of one program: a tone of half a second that loops, as SF2 or, its sample compressed, as SF3."""

import io
import struct

import numpy as np
import soundfile

RATE = 22050
LENGTH = RATE // 2
PERIOD = 50  # samples: 441 Hz, MIDI 69.04


def small_soundfont(program: int, *, compressed: bool = False, decay: int | None = None, copies: int = 1) -> bytes:
    """`decay` is that of the loudness, in timecents for 100 dB, of a tone that then sinks to nothing.

    `copies` zones play the tone, each seven cents above the one before.
    """
    tone = (12000 * np.sin(2 * np.pi * np.arange(LENGTH) / PERIOD)).astype("<i2")
    data = _vorbis(tone) if compressed else tone.tobytes() + bytes(92)
    end = len(data) if compressed else LENGTH
    sample = struct.pack("<20sIIIIIBbHH", b"tone", 0, end, 5000, 10000, RATE, 69, 0, 0, 0x11 if compressed else 1)
    zones = [
        [(54, 1), (52, 7 * copy), *([(36, decay), (37, 1000)] if decay is not None else []), (53, 0)]
        for copy in range(copies)
    ]
    bags = [sum(map(len, zones[:number])) for number in range(copies + 1)]
    tables = {
        b"phdr": struct.pack("<20sHHHIII", b"tone", program, 0, 0, 0, 0, 0)
        + struct.pack("<20sHHHIII", b"EOP", 0, 0, 1, 0, 0, 0),
        b"pbag": struct.pack("<HHHH", 0, 0, 1, 0),
        b"pgen": struct.pack("<HHHH", 41, 0, 0, 0),
        b"inst": struct.pack("<20sH", b"tone", 0) + struct.pack("<20sH", b"EOI", copies),
        b"ibag": b"".join(struct.pack("<HH", bag, 0) for bag in bags),
        b"igen": b"".join(struct.pack("<Hh", *generator) for zone in zones for generator in zone) + bytes(4),
        b"shdr": sample + bytes(46),
    }
    pdta = b"pdta" + b"".join(_chunk(name, rows) for name, rows in tables.items())
    lists = _chunk(b"LIST", b"INFO") + _chunk(b"LIST", b"sdta" + _chunk(b"smpl", data)) + _chunk(b"LIST", pdta)
    return _chunk(b"RIFF", b"sfbk" + lists)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _vorbis(tone: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone, RATE, format="OGG", subtype="VORBIS")
    return buffer.getvalue()
