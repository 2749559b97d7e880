// Messages as DOM elements. Data becomes text or attributes only, never markup.

const HUES = 6;

function stamp(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** A new exchange: a member's command and the bot's reply. */
export function exchange({ name, words, at = new Date() }) {
  const node = stamp("exchange-template");
  const avatar = node.querySelector(".asked .avatar");
  avatar.textContent = name.slice(0, 1);
  avatar.dataset.hue = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % HUES;
  node.querySelector(".asked .name").textContent = name;
  const time = node.querySelector("time");
  time.dateTime = at.toISOString();
  time.textContent = clock(at);
  node.querySelector(".words").append(...words);
  node.querySelector(".cancel").hidden = true;
  return node;
}

/** A command as Discord shows it: its name, then one chip for each option. */
export function commandWords(command, options) {
  const name = document.createElement("span");
  name.className = "command";
  name.textContent = command;
  return [name, ...options.flatMap(([option, value]) => [" ", chip(option, value)])];
}

function chip(option, value) {
  const node = document.createElement("span");
  node.className = "chip";
  const name = document.createElement("b");
  name.textContent = `${option}:`;
  node.append(name, value);
  return node;
}

/** Show the status line of a prompt, and its tunes. */
export function showProgress(node, prompt, mine) {
  node.dataset.state = prompt.state;
  node.dataset.final = prompt.final;
  showStatus(node, prompt.status, prompt.final ? prompt.state : "waiting");
  node.querySelector(".cancel").hidden = prompt.final || !mine;
  const tunes = node.querySelector(".tunes");
  for (const tune of prompt.tunes) {
    const card = tunes.querySelector(`[data-tune="${tune.id}"]`);
    if (!card) tunes.append(tuneCard(tune));
    else if (card.dataset.version === tune.version) showVotes(card, tune.votes);
    else card.replaceWith(tuneCard(tune)); // an admin has taken its title away
  }
}

/** Show one line of the bot; `kind` is "waiting", "failed", "cancelled" or "done". */
export function showStatus(node, text, kind) {
  const status = node.querySelector(".status");
  status.hidden = !text;
  status.dataset.kind = kind;
  status.querySelector(".state").textContent = text;
}

export function tuneCard(tune) {
  const node = stamp("tune-template");
  const address = (kind) => `/tunes/${tune.id}.${kind}?v=${tune.version}`;
  node.dataset.tune = tune.id;
  const title = node.querySelector(".title a");
  title.textContent = tune.title;
  title.href = `/tune/${tune.id}`;
  node.dataset.version = tune.version;
  node.querySelector(".facts").append(...tune.facts.flatMap((fact, at) => [at ? " · " : "", unbroken(fact)]));
  showKnown(node.querySelector(".known"), tune.known);
  const picture = node.querySelector(".sheet img");
  picture.alt = tune.alt;
  [picture.width, picture.height] = tune.size; // keeps its place until it is there
  const phones = node.querySelector(".sheet source");
  phones.setAttribute("width", tune.narrow[0]);
  phones.setAttribute("height", tune.narrow[1]);
  phones.srcset = `/tunes/${tune.id}/narrow.svg?v=${tune.version}`;
  picture.src = `/tunes/${tune.id}/score.svg?v=${tune.version}`;
  const player = node.querySelector("audio");
  player.src = address("mp3");
  player.setAttribute("aria-label", `Play ${tune.title}`);
  showPlaying(node.querySelector(".listen form"), tune.playing);
  for (const link of node.querySelectorAll(".files a")) {
    link.href = address(link.dataset.kind);
    link.setAttribute("aria-label", `Download ${tune.title} as ${link.dataset.kind}`);
  }
  showVotes(node, tune.votes);
  return node;
}

function showPlaying({ elements }, { tempo, instrument, band }) {
  elements.tempo.value = tempo;
  elements.instrument.value = instrument;
  elements.band.checked = band;
}

/** Play the tune of `card` as its form says. */
export function playAnew(card) {
  const { tempo, instrument, band } = card.querySelector(".listen form").elements;
  const player = card.querySelector("audio");
  const address = new URL(player.src);
  address.searchParams.set("tempo", tempo.value);
  address.searchParams.set("instrument", instrument.value);
  address.searchParams.set("band", band.checked ? "yes" : "no");
  player.src = address;
  return player.play();
}

/** The line on the nearest known tune; hidden if empty. */
function showKnown(line, { before, title, after }) {
  const name = document.createElement("cite");
  name.textContent = title;
  line.append(before, ...(title ? [name] : []), after);
  line.hidden = !line.textContent;
}

function unbroken(text) {
  const node = document.createElement("span");
  node.textContent = text;
  return node;
}

/** Show the counts of votes, and which one is the member's own. */
export function showVotes(card, { up, down, mine }) {
  card.dataset.mine = mine;
  for (const button of card.querySelectorAll(".vote")) {
    button.querySelector(".count").textContent = button.value === "1" ? up : down;
    button.setAttribute("aria-pressed", String(Number(button.value) === mine));
  }
}

/** The votes that `card` shows. */
export function votesOf(card) {
  const [up, down] = [...card.querySelectorAll(".count")].map((count) => Number(count.textContent));
  return { up, down, mine: Number(card.dataset.mine) };
}

/** The votes after the member has changed theirs to `value`. */
export function changedVotes({ up, down, mine }, value) {
  return {
    up: up - (mine === 1) + (value === 1),
    down: down - (mine === -1) + (value === -1),
    mine: value,
  };
}

/** Show tunes that were found in an exchange: one as a card, several as a list of links. */
export function showFound(node, { card, line, tunes = [], more, files = [] }) {
  if (card) return node.querySelector(".tunes").append(tuneCard(card));
  const found = stamp("found-template");
  found.querySelector(".line-above").textContent = line;
  for (const tune of tunes) {
    const item = document.createElement("li");
    const facts = document.createElement("span");
    facts.className = "facts";
    facts.textContent = ` ${tune.facts.slice(0, 2).join(" · ")} · +${tune.votes.up} −${tune.votes.down}`;
    item.append(link(`/tune/${tune.id}`, tune.title), facts);
    found.querySelector("ol").append(item);
  }
  const ways = [[more, "All of them in the library"], ...files.map((file) => [file, `As ${file.split(".").at(-1).toUpperCase()}`])];
  found.querySelector(".more").append(...ways.flatMap(([address, text], at) => [at ? " · " : "", link(address, text)]));
  node.querySelector(".answer").prepend(found);
}

function link(address, text) {
  const node = document.createElement("a");
  node.href = address;
  node.textContent = text;
  return node;
}

/** Offer a command that may have been meant, one click away. */
export function offer(node, command) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "example";
  button.textContent = command;
  node.querySelector(".status").append(button);
}

/** Show the answer to /help in an exchange. */
export function showHelp(node, { commands }) {
  const help = stamp("help-template");
  const terms = help.querySelector("dl");
  for (const { name, summary, options } of commands) {
    terms.append(definition("dt", name), definition("dd", summary));
    for (const option of options) {
      terms.append(definition("dt", `${option.name}:`, "option"), definition("dd", option.summary, "option"));
    }
  }
  node.querySelector(".answer").prepend(help);
}

function definition(tag, text, kind = "") {
  const node = document.createElement(tag);
  node.className = kind;
  node.textContent = text;
  return node;
}

function clock(at) {
  const today = at.toDateString() === new Date().toDateString();
  const time = { hour: "2-digit", minute: "2-digit" };
  return at.toLocaleString([], today ? time : { day: "numeric", month: "short", ...time });
}
