// The page of one tune.

import { practise } from "./practice.js";
import { draw, follow } from "./score.js";
import { ask } from "./server.js";
import { castVote } from "./votes.js";

const card = document.querySelector(".tune.whole");
const player = card.querySelector("audio");
const { tune, version } = card.dataset;

function announce(text) {
  document.getElementById("announcer").textContent = text;
}

function showProblem(text) {
  const line = card.querySelector(".problem");
  line.textContent = text;
  line.hidden = false;
}

/** Ask for something of this tune, then go where it can be seen. */
async function act(action, body, then) {
  try {
    await ask(`/tunes/${tune}/${action}`, body);
    location.assign(then);
  } catch (error) {
    showProblem(error.message);
  }
}

async function copy(button) {
  const text = button.dataset.copy === "link" ? location.href : `${card.querySelector(".abc").textContent}\n`;
  await navigator.clipboard.writeText(text).then(
    () => announce("Copied."),
    () => showProblem("The browser does not allow copying: select the text instead."),
  );
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 1500);
}

card.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  if (button.matches(".vote")) castVote(card, Number(button.value), showProblem);
  else if (button.matches(".again")) act("again", {}, "/");
  else if (button.matches(".vary")) act("vary", { how: button.value }, "/");
  else if (button.matches(".delete")) confirm("Delete this tune for good?") && act("delete", {}, "/library");
  else if (button.matches(".copy")) copy(button);
  else if (button.matches(".print")) print();
});

for (const button of card.querySelectorAll(".copy, .print")) button.hidden = false;

const box = card.querySelector(".notation");
draw(box, tune, version)
  .then((times) => {
    let onFrame = () => {};
    const { mark } = follow(box, player, times, (time) => onFrame(time));
    onFrame = practise(card.querySelector(".practice"), player, times, mark);
  })
  .catch((error) => showProblem(error.message)); // the picture stays, and the player
