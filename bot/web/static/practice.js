// Practising: tempo without a change of pitch, loops, a metronome, and a bar that is counted in.

import { beats, beatsOfBar, parts } from "./timeline.js";

const AHEAD = 0.15; // seconds of clicks that are scheduled in advance

/** Serve `form` for `player`. `mark(first, last)` marks bars and gives their span. Gives what each frame calls. */
export function practise(form, player, times, mark) {
  const { speed, loop, from, to, metronome, countin, instrument, band } = form.elements;
  const clicks = clicker();
  const count = Math.max(...times.bars.map(([number]) => number)) + 1;
  let looped = null; // [from, to] in seconds
  let clicked = 0; // until when clicks are scheduled, in the tune's time
  let counted = false;

  for (const [letter, first, last] of parts(times.letters, count)) {
    if (![...loop.options].some((option) => option.text === `part ${letter}`)) loop.add(new Option(`part ${letter}`, `${first}-${last}`));
  }
  loop.add(new Option("bars…", "bars"));
  from.max = to.max = count;
  to.value = Math.min(4, count);

  function setLoop() {
    form.querySelector(".bars").hidden = loop.value !== "bars";
    let range = null;
    if (loop.value === "all") range = [0, count - 1];
    else if (loop.value === "bars") range = [from.value - 1, to.value - 1];
    else if (loop.value) range = loop.value.split("-").map(Number);
    looped = range ? mark(...range) : (mark(1, 0), null);
    if (looped && (player.currentTime < looped[0] || player.currentTime >= looped[1])) player.currentTime = looped[0];
  }

  function setSpeed() {
    player.preservesPitch = true;
    player.playbackRate = speed.value / 100;
    form.querySelector("output").textContent = `${speed.value}%`;
  }

  async function countIn() {
    player.pause();
    const seconds = times.beat / player.playbackRate;
    const beatsThere = beatsOfBar(times);
    for (let number = 0; number < beatsThere; number += 1) clicks.at(number * seconds, number === 0);
    await new Promise((done) => setTimeout(done, beatsThere * seconds * 1000));
    counted = true;
    player.play();
  }

  player.addEventListener("play", () => {
    clicked = player.currentTime;
    if (countin.checked && !counted) countIn();
    counted = false;
  });
  player.addEventListener("seeked", () => (clicked = player.currentTime));
  player.addEventListener("ended", () => {
    if (!looped) return;
    player.currentTime = looped[0];
    player.play();
  });
  speed.addEventListener("input", setSpeed);
  for (const field of [instrument, band]) field.addEventListener("change", () => playBy(player, instrument.value, band.checked));
  for (const field of [loop, from, to]) field.addEventListener("change", setLoop);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  setSpeed();

  return (time) => {
    if (looped && time >= looped[1] - 0.02) player.currentTime = looped[0];
    if (!metronome.checked || player.paused) return;
    const until = time + AHEAD * player.playbackRate;
    for (const [at, first] of beats(times, Math.max(clicked, time), until)) clicks.at((at - time) / player.playbackRate, first);
    clicked = Math.max(clicked, until);
  };
}

/** Have `player` go on with another recording of its tune, from where it is. */
function playBy(player, instrument, band) {
  const { currentTime, playbackRate, paused } = player;
  const address = new URL(player.src);
  address.searchParams.set("instrument", instrument);
  address.searchParams.set("band", band ? "yes" : "no");
  player.src = address;
  player.addEventListener(
    "loadedmetadata",
    () => {
      player.currentTime = currentTime;
      player.playbackRate = playbackRate;
      if (!paused) player.play();
    },
    { once: true },
  );
}

/** Clicks through Web Audio: `at(seconds from now, whether it is a bar's first)`. */
function clicker() {
  let context = null;
  return {
    at(seconds, first) {
      context ??= new AudioContext();
      const tone = context.createOscillator();
      const gain = context.createGain();
      const begin = context.currentTime + Math.max(0, seconds);
      tone.frequency.value = first ? 1760 : 1175;
      gain.gain.setValueAtTime(0.5, begin);
      gain.gain.exponentialRampToValueAtTime(0.001, begin + 0.05);
      tone.connect(gain).connect(context.destination);
      tone.start(begin);
      tone.stop(begin + 0.06);
    },
  };
}
