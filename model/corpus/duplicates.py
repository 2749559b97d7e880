"""Finds near-duplicates: one tune in several books, transposed, retitled or slightly varied."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from rapidfuzz.distance import Indel

from model.encoding.contour import contour
from model.encoding.tokenizer import NormalizedTune

GRAM = 6  # intervals in a row; tunes that share enough of them are aligned
COMMON = 40  # a gram in more tunes than this says little of any two
SHARED = 0.12  # of the shorter tune's grams
SIMILAR = 0.62  # normalised similarity from which two tunes are duplicates


def duplicate_groups(tunes: Sequence[NormalizedTune]) -> list[int]:
    """For each tune the number of its group: the index of the first tune in it."""
    contours = [contour(tune) for tune in tunes]
    codes: dict[tuple[int, int], int] = {}
    texts = ["".join(chr(codes.setdefault(step, 0x100 + len(codes))) for step in steps) for steps in contours]
    parent = list(range(len(tunes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in _pairs_to_compare(contours):
        a, b = root(i), root(j)
        if a != b and Indel.normalized_similarity(texts[i], texts[j], score_cutoff=SIMILAR) >= SIMILAR:
            parent[max(a, b)] = min(a, b)
    return [root(i) for i in range(len(tunes))]


def _pairs_to_compare(contours: Sequence[Sequence[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Pairs of indices of tunes that share enough grams."""
    index: dict[tuple[int, ...], list[int]] = defaultdict(list)
    sizes = []
    for i, steps in enumerate(contours):
        intervals = [interval for interval, _ in steps]
        grams = {tuple(intervals[at : at + GRAM]) for at in range(max(1, len(intervals) - GRAM + 1))}
        sizes.append(len(grams))
        for gram in grams:
            index[gram].append(i)
    shared: Counter[tuple[int, int]] = Counter()
    for tunes in index.values():
        if len(tunes) <= COMMON:
            shared.update((a, b) for n, a in enumerate(tunes) for b in tunes[n + 1 :])
    return [pair for pair, count in shared.items() if count >= SHARED * min(sizes[pair[0]], sizes[pair[1]])]
