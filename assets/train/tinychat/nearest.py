"""The training prompts that are nearest to a prompt, by edit distance in tokens."""

from collections.abc import Sequence

import numpy as np


def edits(ids: Sequence[int], others: Sequence[Sequence[int]]) -> np.ndarray:
    """Fewest insertions, deletions and changes of tokens that turn ``ids`` into each of the others: int64 (others,).

    Source: Wagner and Fischer 1974, all of the others at once.

    >>> edits([1, 2, 3], [[1, 2, 3], [1, 3], [4, 5], []]).tolist()
    [0, 1, 3, 3]
    """
    lengths = np.array([len(other) for other in others], dtype=int)
    table = np.full((int(lengths.max(initial=0)), len(others)), -1)
    for k, other in enumerate(others):
        table[: len(other), k] = other
    above = np.tile(np.arange(len(table) + 1)[:, None], len(others))  # from no token to each beginning of the others
    for count, token in enumerate(ids, 1):
        row = np.empty_like(above)
        row[0] = count
        changed = np.minimum(above[:-1] + (table != token), above[1:] + 1)
        for place in range(len(table)):
            row[place + 1] = np.minimum(changed[place], row[place] + 1)
        above = row
    return above[lengths, np.arange(len(others))]
