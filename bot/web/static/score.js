// A score that plays: follows the audio in the notation, and plays from a note that is clicked.

import { ask } from "./server.js";
import { barAt, nextTime, sounding, span, stretch } from "./timeline.js";

/** Put the notation of a tune into `box` in place of its picture. Resolves to its times. */
export async function draw(box, tune, version) {
  const narrow = matchMedia("(max-width: 40rem)").matches;
  const [svg, times] = await Promise.all([
    fetch(`/tunes/${tune}/${narrow ? "narrow" : "score"}.svg?v=${version}`).then((answer) => {
      if (!answer.ok) throw new Error("The notation did not come.");
      return answer.text();
    }),
    ask(`/tunes/${tune}/times.json?v=${version}${narrow ? "&narrow" : ""}`),
  ]);
  const drawn = new DOMParser().parseFromString(named(svg), "image/svg+xml").documentElement;
  const label = box.querySelector("img")?.alt ?? "Notation";
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", label);
  box.replaceChildren(document.importNode(drawn, true));
  box.classList.add("playable");
  return times;
}

/** Names that are unique in one picture alone become data: a page may show several. */
function named(svg) {
  return svg.replace(/ id="([nb]\d+)"/g, ' data-$1=""');
}

function element(box, letter, number) {
  return box.querySelector(`[data-${letter}${number}]`);
}

/**
 * Marks in `box` what `player` plays. `onFrame(time)` is called with the tune's time while it plays. Gives
 * `mark(first, last)`, which marks the bars of a loop and says from when to when they are played.
 */
export function follow(box, player, times, onFrame = () => {}) {
  let marked = [];
  let frame = 0;
  // a recording at another tempo says so in its address
  const longer = () => stretch(times, Number(new URL(player.currentSrc || player.src, location).searchParams.get("tempo")));
  const now = () => player.currentTime / longer();
  const seek = (seconds) => (player.currentTime = seconds * longer() + 0.001);

  function show() {
    const heard = sounding(times.notes, now()).map((number) => element(box, "n", number));
    for (const old of marked) if (!heard.includes(old)) old?.classList.remove("sounding");
    for (const note of heard) note?.classList.add("sounding");
    if (heard[0] && heard[0] !== marked[0]) keepInSight(heard[0]);
    marked = heard;
  }

  function run() {
    show();
    onFrame(now());
    frame = player.paused ? 0 : requestAnimationFrame(run);
  }

  function stop() {
    if (player.ended) marked.splice(0).forEach((note) => note?.classList.remove("sounding"));
  }

  player.addEventListener("play", () => (frame ||= requestAnimationFrame(run)));
  player.addEventListener("seeked", show);
  player.addEventListener("ended", stop);

  box.addEventListener("click", (event) => {
    const number = numberOf(event.target.closest(".note, .rest"), "n");
    if (number === null) return;
    seek(nextTime(times.notes, number, 0));
    if (player.paused) player.play();
  });

  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Notation. Space plays, arrow keys move by bars.");
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = barAt(times.bars, now());
    if (event.key === " ") player.paused ? player.play() : player.pause();
    else if (event.key === "ArrowRight") seek(times.bars[Math.min(at + 1, times.bars.length - 1)][2]);
    else if (event.key === "ArrowLeft") seek(times.bars[Math.max(at - 1, 0)][2]);
    else return;
    event.preventDefault();
  });

  return {
    mark(first, last) {
      for (const bar of box.querySelectorAll(".measure")) {
        const number = numberOf(bar, "b");
        bar.classList.toggle("looped", number !== null && number >= first && number <= last);
      }
      return span(times.bars, first, last);
    },
  };
}

function numberOf(node, letter) {
  const name = node && Object.keys(node.dataset).find((key) => new RegExp(`^${letter}\\d+$`).test(key));
  return name ? Number(name.slice(1)) : null;
}

function keepInSight(note) {
  const { top, bottom } = note.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  note.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
}

/** Have the notation in the card of `player` follow it, once it plays for the first time. */
export async function followOnce(player) {
  const card = player.closest(".tune");
  if (!card || card.dataset.followed) return;
  card.dataset.followed = "yes";
  const box = card.querySelector(".notation");
  try {
    follow(box, player, await draw(box, card.dataset.tune, card.dataset.version));
    if (!player.paused) player.dispatchEvent(new Event("play"));
  } catch {
    delete card.dataset.followed; // the picture stays; the next play tries again
  }
}
