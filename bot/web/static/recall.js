// ↑ and ↓ in the message box bring back what was sent, as in a shell.

const KEY = "sent";
const MOST = 50;

/** Adds recall to `input` while its completion list is closed. Call the result with each text that is sent. */
export function recall(input) {
  let at = 0; // how far back; 0 is what is being typed
  let draft = "";

  function show(index) {
    if (at === 0) draft = input.value;
    at = index;
    input.value = at === 0 ? draft : sent().at(-at);
    input.setSelectionRange(input.value.length, input.value.length);
  }

  input.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "ArrowUp" && at < sent().length) show(at + 1);
    else if (event.key === "ArrowDown" && at > 0) show(at - 1);
    else return;
    event.preventDefault();
  });
  input.addEventListener("input", () => (at = 0));

  return (text) => {
    at = 0;
    store([...sent().filter((other) => other !== text), text].slice(-MOST));
  };
}

function sent() {
  try {
    const texts = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(texts) ? texts.filter((text) => typeof text === "string") : [];
  } catch {
    return []; // no storage, or not ours
  }
}

function store(texts) {
  try {
    localStorage.setItem(KEY, JSON.stringify(texts));
  } catch {
    // full or forbidden: nothing is recalled
  }
}
