// The editor of a tune: its notation follows the text.

import { edits, placeOf } from "./edits.js";
import { ask } from "./server.js";

const PAUSE = 300; // milliseconds after the last key
const form = document.querySelector(".editor");
const { abc, key } = form.elements;
const box = form.querySelector(".notation");
const trouble = document.getElementById("trouble");
const first = abc.value;
const draftOf = `draft ${form.dataset.tune}`;
const history = edits(first);
let waiting = 0;
let asked = 0;

function button(name) {
  return form.querySelector(`.${name}`);
}

/** Engrave the text, in `to` where that is a key. What was drawn stays while the text cannot be read. */
async function engrave(to = "") {
  const number = (asked += 1);
  const text = abc.value;
  const narrow = matchMedia("(max-width: 40rem)").matches;
  try {
    const made = await ask("/drafts", { abc: text, key: to, narrow });
    if (number !== asked) return;
    const drawn = new DOMParser().parseFromString(made.svg, "image/svg+xml").documentElement;
    box.replaceChildren(document.importNode(drawn, true));
    box.classList.remove("stale");
    trouble.textContent = "";
    if (made.abc !== text) set(made.abc);
  } catch (error) {
    if (number !== asked) return;
    box.classList.add("stale");
    const place = placeOf(error.message, text);
    trouble.textContent = error.message;
    trouble.dataset.from = place ? place[0] : "";
    trouble.dataset.to = place ? place[1] : "";
  }
  show();
}

function show() {
  button("undo").disabled = !history.canUndo;
  button("redo").disabled = !history.canRedo;
  button("revert").disabled = abc.value === first;
}

/** Put a text into the box as a step of its own. */
function set(text) {
  abc.value = text;
  history.change(text, true);
  keep();
  show();
}

function step(text) {
  abc.value = text;
  keep();
  engrave();
}

/** A draft outlives a lost connection and a closed page. */
function keep() {
  try {
    if (abc.value === first) sessionStorage.removeItem(draftOf);
    else sessionStorage.setItem(draftOf, abc.value);
  } catch {
    // no storage: the draft lives in the page alone
  }
}

abc.addEventListener("input", () => {
  history.change(abc.value);
  keep();
  show();
  clearTimeout(waiting);
  waiting = setTimeout(engrave, PAUSE);
});
abc.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  event.preventDefault();
  step(event.shiftKey ? history.redo() : history.undo());
});
key.addEventListener("change", () => engrave(key.value));
button("undo").addEventListener("click", () => step(history.undo()));
button("redo").addEventListener("click", () => step(history.redo()));
button("revert").addEventListener("click", () => {
  set(first);
  engrave();
});
trouble.addEventListener("click", () => {
  if (!trouble.dataset.from) return;
  abc.focus();
  abc.setSelectionRange(Number(trouble.dataset.from), Number(trouble.dataset.to));
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button("go").disabled = true;
  try {
    const { tune } = await ask(`/tunes/${form.dataset.tune}/versions`, { abc: abc.value });
    abc.value = first;
    keep();
    location.assign(`/tune/${tune}`);
  } catch (error) {
    trouble.textContent = error.message;
    button("go").disabled = false;
  }
});

try {
  const kept = sessionStorage.getItem(draftOf);
  if (kept) set(kept);
} catch {
  // no storage
}
engrave();
