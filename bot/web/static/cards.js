// Tune cards as they come into view: players learn how long their tunes are, and the one in view is printed.

/** Loads what is needed of the players in `list`, once they come into view. */
export function watchPlayers(list) {
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        target.preload = "metadata";
        seen.unobserve(target);
      }
    },
    { rootMargin: "100px" },
  );
  const added = new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      if (node.querySelectorAll) node.querySelectorAll("audio").forEach((player) => seen.observe(player));
    }
  });
  added.observe(list, { childList: true, subtree: true });
}

/** Marks the tune that is nearest to the middle of `log` for printing, the newest where none is in view. */
export function printNearest(log, list) {
  addEventListener("beforeprint", () => {
    const cards = [...list.querySelectorAll(".tune")];
    const { top, bottom } = log.getBoundingClientRect();
    const distance = (card) => {
      const box = card.getBoundingClientRect();
      const outside = box.bottom < top || box.top > bottom;
      return outside ? Infinity : Math.abs((box.top + box.bottom - top - bottom) / 2);
    };
    const nearest = cards.reduce((best, card) => (distance(card) < distance(best) ? card : best), cards.at(-1));
    for (const card of cards) card.classList.toggle("printed", card === nearest);
    if (nearest) nearest.querySelector("img").loading = "eager";
  });
}
