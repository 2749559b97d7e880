// When the notes of a tune sound: pure functions over the server's times (see bot/render/score.py).

/** The numbers of the notes that sound at `time`, of `notes` as [number, start, end] in the order of their starts. */
export function sounding(notes, time) {
  let low = 0;
  let high = notes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (notes[middle][1] <= time) low = middle + 1;
    else high = middle;
  }
  const found = [];
  for (let at = low - 1; at >= 0 && at >= low - 8; at -= 1) {
    if (notes[at][2] > time) found.push(notes[at][0]);
  }
  return found;
}

/** When note `number` is played next after `time`; where it is not, its first time. Undefined for an unknown one. */
export function nextTime(notes, number, time) {
  const times = notes.filter(([other]) => other === number).map(([, start]) => start);
  return times.find((start) => start >= time) ?? times[0];
}

/** How much longer a recording at `tempo` beats a minute takes than one at the tune's own; 1 where that is not known. */
export function stretch({ beat }, tempo) {
  return tempo > 0 ? 60 / beat / tempo : 1;
}

/** The index in `bars` of the one that is played at `time`; the last where the tune is over. */
export function barAt(bars, time) {
  const at = bars.findIndex(([, , , end]) => end > time + 1e-3);
  return at < 0 ? bars.length - 1 : at;
}

/** [from, to] in seconds of the first time that the written bars `first` to `last` are played; null if they are not. */
export function span(bars, first, last) {
  const from = bars.findIndex(([number]) => number === first);
  if (from < 0) return null;
  const to = bars.findIndex(([number], at) => at >= from && number === last);
  return to < 0 ? null : [bars[from][2], bars[to][3]];
}

/** The beats from `from` until `to`, as [seconds, whether it is the first of its bar]. */
export function beats({ bars, beat }, from, to) {
  const found = [];
  for (const [, downbeat, start, end] of bars) {
    if (end <= from || start >= to) continue;
    for (let number = 0; downbeat + number * beat < end - 1e-3; number += 1) {
      const at = downbeat + number * beat;
      if (at >= Math.max(start, from) - 1e-3 && at < to) found.push([at, number === 0]);
    }
  }
  return found;
}

/** How many beats a bar has that is counted in. */
export function beatsOfBar({ bars, beat }) {
  const longest = Math.max(...bars.map(([, , start, end]) => end - start));
  return Math.max(1, Math.round(longest / beat));
}

/** The parts of a tune as [letter, first bar, last bar], from the letters of their first bars. */
export function parts(letters, count) {
  return letters.map(([letter, first], at) => [letter, first, (letters[at + 1]?.[1] ?? count) - 1]);
}
