"""The particles that the next frame's positions may continue: all that a linker remembers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from longtake.tracking.kernel import kernel


@dataclass(frozen=True, eq=False)
class KnownParticles:
    """Particles, each with the place and the frame in which it was last seen.

    Their order is a function of the last frames' results alone: those in the last frame, in the
    order of its rows, then those out of sight, by id. It decides between equally good links.

    Attributes
    ----------
    points : (K, 3 or more) float64, C-contiguous
    ids : (K,) int64
    last_seen : (K,) int64
        Frame numbers.
    """

    points: np.ndarray
    ids: np.ndarray
    last_seen: np.ndarray

    @classmethod
    def none(cls) -> KnownParticles:
        """Give no particles: what is known before the first frame."""
        return cls(np.zeros((0, 3)), np.zeros(0, np.int64), np.zeros(0, np.int64))

    def since(self, frame_no: int) -> KnownParticles:
        """Give those last seen in a frame or later."""
        recent = self.last_seen >= frame_no
        return self if recent.all() else self.only(recent)

    def followed_by(
        self, frame_no: int, points: np.ndarray, ids: np.ndarray, lost: np.ndarray
    ) -> KnownParticles:
        """Give what is known after a further frame.

        Parameters
        ----------
        frame_no, points, ids
            The frame, where its particles are, and which they are.
        lost : (K,) bool
            Which of the particles known before are not in the frame, but still remembered.
        """
        last_seen = np.full(len(ids), frame_no, np.int64)
        rows = np.flatnonzero(lost)
        if not len(rows):
            return KnownParticles(points, ids, last_seen)
        absent = self.only(rows[np.argsort(self.ids[rows])])
        return KnownParticles(
            np.concatenate([points, absent.points]),
            np.concatenate([ids, absent.ids]),
            np.concatenate([last_seen, absent.last_seen]),
        )

    def only(self, which: np.ndarray) -> KnownParticles:
        """Give those that a mask or a list of rows says."""
        return KnownParticles(self.points[which], self.ids[which], self.last_seen[which])


def name_by_links(links, known, oldest, next_id):
    """Name the positions of a frame after the particles that they continue.

    Parameters
    ----------
    links : (D,) int64
        For every position the particle that it continues, by its place among the known, or -1.
    known : KnownParticles
    oldest : int
        A particle that is not continued is remembered if it was seen in this frame or later.
    next_id : int
        The id of the first new particle; the next one gets the next.

    Returns
    -------
    ids : (D,) int64
    lost : (K,) bool
        The particles that are not continued, but remembered.
    next_id : int
        The one after the last id given.
    """
    ids, lost = np.empty(len(links), np.int64), known.last_seen >= oldest
    return ids, lost, _name(links, known.ids, next_id, ids, lost)


@kernel
def _name(links, known_ids, next_id, ids, lost):
    for i in range(len(links)):
        if links[i] >= 0:
            ids[i] = known_ids[links[i]]
            lost[links[i]] = False
        else:
            ids[i] = next_id
            next_id += 1
    return next_id
