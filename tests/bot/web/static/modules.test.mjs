// The page's modules that need no browser, by node's own test runner: `node --test tests/bot/web/static`.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

async function load(name) {
  const source = await readFile(new URL(`../../../../bot/web/static/${name}.js`, import.meta.url), "utf8");
  return import(`data:text/javascript,${encodeURIComponent(source)}`);
}

const { barAt, beats, beatsOfBar, nextTime, parts, sounding, span, stretch } = await load("timeline");
const { edits, placeOf } = await load("edits");
const { suggest } = await load("complete");

const notes = [[0, 0, 0.5], [1, 0.5, 1], [2, 0.5, 1], [3, 1, 2], [0, 2, 2.5], [1, 2.5, 3]];
const bars = [[0, -0.5, 0, 0.5], [1, 0.5, 0.5, 2], [0, 1.5, 2, 2.5], [1, 2.5, 2.5, 4]];

test("notes sound from their start until their end", () => {
  assert.deepEqual(sounding(notes, 0), [0]);
  assert.deepEqual(sounding(notes, 0.75).sort(), [1, 2]);
  assert.deepEqual(sounding(notes, 1), [3]);
  assert.deepEqual(sounding(notes, 9), []);
  assert.deepEqual(sounding([], 0), []);
});

test("a note is played from its next time, or its first", () => {
  assert.equal(nextTime(notes, 0, 1), 2);
  assert.equal(nextTime(notes, 3, 1.5), 1);
  assert.equal(nextTime(notes, 99, 0), undefined);
});

test("bars are found by time, and spans by bars", () => {
  assert.equal(barAt(bars, 0.2), 0);
  assert.equal(barAt(bars, 2), 2);
  assert.equal(barAt(bars, 99), 3);
  assert.deepEqual(span(bars, 0, 1), [0, 2]);
  assert.deepEqual(span(bars, 1, 1), [0.5, 2]);
  assert.equal(span(bars, 1, 7), null);
  assert.equal(span(bars, 7, 9), null);
});

test("a metronome beats from each downbeat on, and not before a pickup", () => {
  const times = { bars, beat: 0.5 };
  assert.deepEqual(beats(times, 0, 2), [[0, false], [0.5, true], [1, false], [1.5, false]]);
  assert.equal(beatsOfBar(times), 3);
});

test("a slower recording is longer", () => {
  assert.equal(stretch({ beat: 0.5 }, 60), 2);
  assert.equal(stretch({ beat: 0.5 }, 0), 1);
  assert.equal(stretch({ beat: 0.5 }, NaN), 1);
});

test("parts reach to the next letter", () => {
  assert.deepEqual(parts([["A", 0], ["B", 9]], 18), [["A", 0, 8], ["B", 9, 17]]);
});

test("steps of editing are undone and done again", () => {
  let now = 0;
  const history = edits("a", 100, () => now);
  history.change("ab");
  now = 50;
  history.change("abc"); // the same step
  now = 500;
  history.change("abcd");
  assert.equal(history.undo(), "abc");
  assert.equal(history.undo(), "a");
  assert.equal(history.undo(), "a");
  assert.equal(history.redo(), "abc");
  history.change("x", true);
  assert.equal(history.canRedo, false);
  assert.equal(history.undo(), "abc");
});

test("an error's place is found in the text", () => {
  assert.deepEqual(placeOf("Line 2, column 3: no", "ab\ncdef\ng"), [5, 6]);
  assert.deepEqual(placeOf("line 2: no", "ab\ncdef\ng"), [3, 7]);
  assert.deepEqual(placeOf("line 99, column 99", "ab"), [2, 2]);
  assert.equal(placeOf("no place", "ab"), null);
});

test("completion offers what begins as was typed", () => {
  const commands = [{ name: "compose", summary: "", options: [{ name: "key", summary: "", values: [], required: true }] }];
  assert.deepEqual(suggest(commands, "/co").items.map(({ text }) => text), ["/compose"]);
  assert.deepEqual(suggest(commands, "/compose ").items.map(({ text }) => text), ["key:"]);
  assert.deepEqual(suggest(commands, "hello").items, []);
});
