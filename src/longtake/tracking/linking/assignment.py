"""Choose among the candidates: the links that save most together, exactly.

Every destination takes one of its candidate sources or none, and every source is taken at most
once. This is the linear assignment problem on a sparse graph, with a private column of cost 0
("a new particle") for each row. It is solved by shortest augmenting paths (R. Jonker and
A. Volgenant, Computing 38, 325-340, 1987): the destinations come in one by one, each along the
path of exchanges that costs least; prices on the contested sources keep every step optimal.
A path never leaves its connected subnet, so subnets need not be found first, and a large
one is only as hard as its conflicts.
"""

from __future__ import annotations

import numpy as np

from longtake.tracking.kernel import kernel, part

_NONE = -1
_FAR, _OPEN, _DONE = 0, 1, 2


def cheapest_links(starts, source, cost, source_count):
    """Link destinations to sources such that the costs of the links have the least sum.

    Parameters
    ----------
    starts : (D + 1,) int64
        The candidates of destination ``i`` are those from ``starts[i]`` to ``starts[i + 1]``.
    source : (C,) int64
        The source of each candidate.
    cost : (C,) float64, <= 0
        What it costs to link it, compared with not linking.
    source_count : int
        How many sources there are.

    Returns
    -------
    (D,) int64
        The source that each destination is linked to, or -1.
    """
    chosen = np.empty(len(starts) - 1, np.int64)
    places, numbers = np.empty((6, source_count), np.int64), np.empty((2, source_count))
    _solve(starts, source, cost, chosen, places, numbers)
    return chosen


@kernel
def _solve(starts, source, cost, chosen, places, numbers):
    """Write to `chosen` the source of each destination; at work, the candidate taken."""
    owner = places[0]  # of each source, the destination that took it
    state = places[1]
    price = numbers[0]  # <= 0; 0 while nobody contests the source
    for j in range(len(owner)):
        owner[j] = _NONE
        state[j] = _FAR
        price[j] = 0
    for i in range(len(chosen)):
        chosen[i] = _NONE
        best = _NONE
        least = np.inf
        for c in range(starts[i], starts[i + 1]):
            reduced = cost[c] - price[source[c]]
            if reduced < least:
                least = reduced
                best = c
        if least > 0:
            continue
        if owner[source[best]] == _NONE:
            chosen[i] = best
            owner[source[best]] = i
        else:
            _exchange(i, starts, source, cost, chosen, places, numbers)
    for i in range(len(chosen)):
        if chosen[i] != _NONE:
            chosen[i] = source[chosen[i]]


@part
def _exchange(newcomer, starts, source, cost, chosen, places, numbers):
    """Bring in one destination along the cheapest path of exchanges (Dijkstra's algorithm)."""
    owner, state, opened, done = places[0], places[1], places[2], places[3]
    from_row, by_candidate = places[4], places[5]  # the last step of the path to each source
    price, distance = numbers[0], numbers[1]
    open_count = 0
    done_count = 0
    row = newcomer
    offset = 0.0  # turns a reduced cost of `row` into a distance from the newcomer
    loser = newcomer  # who goes without, if the path ends there
    end_distance = 0.0
    end = _NONE
    while True:
        for c in range(starts[row], starts[row + 1]):
            j = source[c]
            if state[j] == _DONE:
                continue
            through = cost[c] - price[j] - offset
            if state[j] == _FAR:
                state[j] = _OPEN
                opened[open_count] = j
                open_count += 1
            elif through >= distance[j]:
                continue
            distance[j] = through
            from_row[j] = row
            by_candidate[j] = c
        if -offset < end_distance:
            end_distance = -offset
            loser = row
        nearest = _NONE
        least = np.inf
        for k in range(open_count):
            if distance[opened[k]] < least:
                least = distance[opened[k]]
                nearest = k
        if nearest == _NONE or least > end_distance:
            break
        j = opened[nearest]
        if owner[j] == _NONE:
            end = j
            end_distance = least
            break
        open_count -= 1
        opened[nearest] = opened[open_count]
        state[j] = _DONE
        done[done_count] = j
        done_count += 1
        row = owner[j]
        offset = cost[chosen[row]] - price[j] - least

    for k in range(done_count):
        price[done[k]] += distance[done[k]] - end_distance
        state[done[k]] = _FAR
    for k in range(open_count):
        state[opened[k]] = _FAR

    if end == _NONE:
        if loser == newcomer:
            return
        end = source[chosen[loser]]
        chosen[loser] = _NONE
    row = loser
    while True:
        row = from_row[end]
        given_up = chosen[row]
        chosen[row] = by_candidate[end]
        owner[end] = row
        if row == newcomer:
            return
        end = source[given_up]
