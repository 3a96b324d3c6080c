"""Records every write to files, and rebuilds what a crash would have left."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from longtake.hdf.raw_file import RawFile

SECTOR = 512


@dataclass
class WriteLog:
    """All that was done to the files of one process, in order.

    An operation is ("write", offset, bytes), ("resize", size), ("reserve", offset, length),
    ("clear_from", offset), ("sync",), ("sync_range", offset, length) or ("acknowledge", anything).
    """

    operations: list[tuple] = field(default_factory=list)

    def acknowledge(self, what: object) -> None:
        """Note that the program was told that `what` is stored."""
        self.operations.append(("acknowledge", what))

    def acknowledged(self, count: int) -> list:
        """What was acknowledged within the first `count` operations."""
        return [op[1] for op in self.operations[:count] if op[0] == "acknowledge"]

    def record(self, monkeypatch) -> None:
        """Log the calls of every RawFile from now on."""
        for name in ("write", "resize", "clear_from", "reserve", "sync", "sync_range"):
            monkeypatch.setattr(RawFile, name, self._logged(name, getattr(RawFile, name)))

    def _logged(self, name: str, real):
        def call(raw, *arguments):
            kept = [a if isinstance(a, int) else bytes(a) for a in arguments]
            self.operations.append((name, *kept))
            real(raw, *arguments)

        return call

    def images(self, first: int, *, half: bool):
        """Give (operations done, file bytes) after each prefix, or with half of the next write."""
        image = bytearray()
        for number, operation in enumerate(self.operations):
            if number >= first:
                if half and operation[0] == "write" and len(operation[2]) > 1:
                    torn = bytearray(image)
                    apply(torn, (*operation[:2], operation[2][: len(operation[2]) // 2]))
                    yield number, bytes(torn)
                elif not half:
                    yield number, bytes(image)
            apply(image, operation)
        if not half:
            yield len(self.operations), bytes(image)

    def power_cut(self, count: int, rng: np.random.Generator) -> tuple[int, bytes]:
        """Give (operations that are safe, file bytes) for a power cut after `count` operations.

        Every sector that was written since it was last synced holds any of the versions it has
        had since, each chosen by itself. What was synced by itself has its length, too.
        """
        syncs = [i for i, op in enumerate(self.operations[:count]) if op[0] == "sync"]
        safe = syncs[-1] + 1 if syncs else 0
        image = bytearray()
        for operation in self.operations[:safe]:
            apply(image, operation)
        latest = bytearray(image)
        least = len(image)  # the length that is known to be on disk
        versions: dict[int, list[bytes]] = {}
        for operation in self.operations[safe:count]:
            if operation[0] == "sync_range":
                least = len(latest)
                for at in sectors(*operation[1:]):
                    versions[at] = [sector(latest, at)]
            elif operation[0] == "clear_from":
                for at in [at for at in versions if at >= operation[1]]:
                    versions[at].append(bytes(SECTOR))
                apply(latest, operation)
            elif operation[0] == "write":
                for at in sectors(operation[1], len(operation[2])):
                    versions.setdefault(at, [sector(latest, at)])
                apply(latest, operation)
                for at in sectors(operation[1], len(operation[2])):
                    versions[at].append(sector(latest, at))
            else:
                apply(latest, operation)
        size = len(latest) if len(latest) >= least else int(rng.choice([len(latest), least]))
        image = image[:size].ljust(size, b"\0")
        for at, choices in versions.items():
            piece = choices[int(rng.integers(len(choices)))]
            image[at : at + SECTOR] = piece[: max(0, min(SECTOR, size - at))]
        return safe, bytes(image)


def sector(image: bytearray, at: int) -> bytes:
    """Give the bytes of the sector at an offset."""
    return bytes(image[at : at + SECTOR]).ljust(SECTOR, b"\0")


def sectors(offset: int, length: int) -> range:
    """The sectors that a write touches."""
    return range(offset // SECTOR * SECTOR, offset + length, SECTOR)


def apply(image: bytearray, operation: tuple) -> None:
    """Do to `image` what the operation did to the file."""
    kind = operation[0]
    if kind == "write":
        _, offset, data = operation
        if len(image) < offset:
            image.extend(bytes(offset - len(image)))
        image[offset : offset + len(data)] = data
    elif kind == "clear_from":
        image[operation[1] :] = bytes(max(0, len(image) - operation[1]))
    elif kind == "resize":
        size = operation[1]
        del image[size:]
        image.extend(bytes(size - len(image)))
    elif kind == "reserve":
        end = operation[1] + operation[2]
        image.extend(bytes(max(0, end - len(image))))
