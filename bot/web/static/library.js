// The library: results follow what is typed, and notes can be played on a keyboard on the screen.

const form = document.querySelector(".search");
const results = document.getElementById("results");
const PAUSE = 250; // milliseconds after the last key
let waiting = 0;
let asked = 0;

async function refresh() {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const address = `/library${query.size ? `?${query}` : ""}`;
  const number = (asked += 1);
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok || number !== asked) return; // what stands there stays
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("results");
  if (number !== asked) return;
  results.replaceChildren(...found.childNodes);
  history.replaceState(null, "", address);
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, PAUSE);
});

// ---- the keyboard

const WHITE = ["D", "E", "F", "G", "A", "B", "c", "d", "e", "f", "g", "a"];
const SHARP = new Set(["D", "F", "G", "A", "c", "d", "f", "g"]);
const MIDI = { C: 60, D: 62, E: 64, F: 65, G: 67, A: 69, B: 71, c: 72, d: 74, e: 76, f: 77, g: 79, a: 81 };
let context = null;

function sound(midi) {
  context ??= new AudioContext();
  const tone = context.createOscillator();
  const gain = context.createGain();
  tone.type = "triangle";
  tone.frequency.value = 440 * 2 ** ((midi - 69) / 12);
  gain.gain.setValueAtTime(0.25, context.currentTime);
  gain.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.5);
  tone.connect(gain).connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.5);
}

function key(note, midi, kind) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = kind;
  button.setAttribute("aria-label", note.startsWith("^") ? `${note.slice(1)} sharp` : note);
  button.textContent = kind === "white" ? note : "";
  button.addEventListener("click", () => {
    sound(midi);
    const field = form.elements.notes;
    field.value = `${field.value} ${note.startsWith("^") ? note : `=${note}`}`.trim();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return button;
}

const piano = form.querySelector(".piano");
for (const note of WHITE) {
  const cell = document.createElement("span");
  cell.append(key(note, MIDI[note], "white"));
  if (SHARP.has(note)) cell.append(key(`^${note}`, MIDI[note] + 1, "black"));
  piano.append(cell);
}
const clear = document.createElement("button");
clear.type = "button";
clear.className = "pill";
clear.textContent = "Clear notes";
clear.addEventListener("click", () => {
  form.elements.notes.value = "";
  refresh();
});
piano.append(clear);
piano.hidden = false;
piano.setAttribute("role", "group");
piano.setAttribute("aria-label", "Keyboard");
