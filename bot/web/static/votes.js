// Votes: shown at once, and put right by the server's answer.

import { changedVotes, showVotes, votesOf } from "./messages.js";
import { ask } from "./server.js";

/** Vote `value`, or withdraw that vote, on the tune of `card`. `onCounted` gets the server's answer. */
export async function castVote(card, value, onError, onCounted = () => {}) {
  const before = votesOf(card);
  const wanted = value === before.mine ? 0 : value;
  const attempt = (card.attempt = (card.attempt ?? 0) + 1); // only the newest click decides what is shown
  showVotes(card, changedVotes(before, wanted));
  try {
    const votes = await ask(`/tunes/${card.dataset.tune}/vote`, { value: wanted });
    onCounted(votes);
    if (attempt === card.attempt) showVotes(card, votes);
  } catch (error) {
    if (attempt === card.attempt) showVotes(card, before);
    onError(error.message);
  }
}
