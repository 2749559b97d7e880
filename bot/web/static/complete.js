// The completion list of the message box: an ARIA combobox over the server's table of commands.

const NOTHING = { items: [], title: "", eager: false };
const MOST = 80;

/** Add completion to `input`, shown in `box`. `commands` is the server's table. */
export function complete(input, box, commands) {
  const list = box.querySelector("[role=listbox]");
  const title = box.firstElementChild;
  let offer = NOTHING;
  let active = -1;

  function refresh() {
    const caret = input.selectionStart;
    offer = caret === input.selectionEnd ? suggest(commands, input.value.slice(0, caret)) : NOTHING;
    title.textContent = offer.title;
    list.replaceChildren(...offer.items.map(row));
    box.hidden = offer.items.length === 0;
    input.setAttribute("aria-expanded", String(!box.hidden));
    choose(offer.eager ? 0 : -1);
    list.scrollTop = 0;
  }

  function choose(index) {
    active = index;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === active)));
    const item = list.children[active];
    item?.scrollIntoView({ block: "nearest" });
    if (item) input.setAttribute("aria-activedescendant", item.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function accept(index) {
    const { insert, from } = offer.items[index];
    const rest = input.value.slice(input.selectionStart).replace(/^\s+/, "");
    const caret = from + insert.length - (insert.endsWith('""') ? 1 : 0);
    input.value = input.value.slice(0, from) + insert + rest;
    input.setSelectionRange(caret, caret);
    refresh();
  }

  function close() {
    offer = NOTHING;
    box.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  }

  function onKey(event) {
    if (box.hidden || event.isComposing || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = offer.items.length - 1;
    if (event.key === "ArrowDown") choose(active < last ? active + 1 : 0);
    else if (event.key === "ArrowUp") choose(active > 0 ? active - 1 : last);
    else if (event.key === "Tab") accept(Math.max(active, 0));
    else if (event.key === "Enter" && active >= 0) accept(active);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  }

  input.addEventListener("input", refresh);
  input.addEventListener("click", refresh);
  input.addEventListener("focus", refresh);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", onKey);
  input.addEventListener("keyup", (event) => {
    if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) refresh();
  });
  box.addEventListener("mousedown", (event) => event.preventDefault()); // or the message box would lose the focus
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) accept([...list.children].indexOf(item));
  });
  return { refresh, close };
}

function row(item, index) {
  const node = document.createElement("li");
  node.id = `suggestion-${index}`;
  node.setAttribute("role", "option");
  const text = document.createElement("strong");
  text.textContent = item.text;
  const label = document.createElement("span");
  label.textContent = item.label;
  node.append(text, " ", label);
  return node;
}

/** Completions at the end of `text`: items with the text to insert and where, and whether Enter accepts the first. */
export function suggest(commands, text) {
  const head = /^\/(\S*( \S*)?)$/.exec(text); // a name has one word, or two
  const names = head ? commandNames(commands, head[1].toLowerCase()) : NOTHING;
  if (names.items.length) return names;
  const command = commands.find(({ name }) => text.toLowerCase().startsWith(`/${name} `));
  if (!command) return NOTHING;
  const plain = text.replace(/"[^"]*"(?=\s)/g, (quoted) => "_".repeat(quoted.length));
  if (plain.includes('"')) return NOTHING;
  const marks = [...plain.matchAll(/\s(\w+):\s*/g)];
  const used = marks.map((mark) => mark[1].toLowerCase());
  const mark = marks.at(-1);
  const from = mark ? mark.index + mark[0].length : command.name.length + 2;
  const option = command.options.find(({ name }) => name === used.at(-1));
  const values = option ? optionValues(option, plain.slice(from), from) : NOTHING;
  const word = /\S*$/.exec(plain)[0];
  const between = mark ? /\S\s+\S*$/.test(plain.slice(from)) : true;
  if (values.items.length || !between) return values;
  return optionNames(command, used, word, text.length - word.length);
}

function commandNames(commands, typed) {
  const items = commands
    .filter(({ name }) => name.startsWith(typed))
    .map(({ name, summary }) => ({ text: `/${name}`, label: summary, insert: `/${name} `, from: 0 }));
  const whole = commands.find(({ name }) => name === typed);
  return { items, title: "Commands", eager: !whole || whole.options.some(({ required }) => required) };
}

function optionNames(command, used, typed, from) {
  const items = command.options
    .filter(({ name }) => !used.includes(name) && name.startsWith(typed.toLowerCase()))
    .map(({ name, summary, required, quoted }) => ({
      text: `${name}:`,
      label: required ? `${summary} (needed)` : summary,
      insert: quoted ? `${name}:""` : `${name}:`,
      from,
    }));
  const needed = command.options.some(({ name, required }) => required && !used.includes(name));
  return { items, title: `Options of /${command.name}`, eager: typed !== "" || needed };
}

function optionValues(option, typed, from) {
  const wanted = squeeze(typed);
  const whole = option.values.some(({ text }) => squeeze(text) === wanted);
  if (whole && /\s$/.test(typed)) return NOTHING; // complete, so options are next
  const rank = ({ text, label, also }) => {
    const names = [text, label, ...also].map(squeeze);
    if (names.some((name) => name.startsWith(wanted))) return 0;
    return wanted.length > 1 && option.closed && names.some((name) => name.includes(wanted)) ? 1 : 2;
  };
  const items = [0, 1]
    .flatMap((wish) => option.values.filter((value) => rank(value) === wish))
    .slice(0, MOST)
    .map(({ text, label }) => ({ text, label, insert: `${text} `, from }));
  return { items, title: `${option.name}: ${option.summary}`, eager: option.closed && wanted !== "" && !whole };
}

function squeeze(text) {
  return text.toLowerCase().replace(/\s+/g, "");
}
