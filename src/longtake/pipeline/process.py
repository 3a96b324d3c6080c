"""A function over what is recorded: each entry once, its result where others can follow it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import h5py

from longtake.errors import InvalidArgument, WrongType
from longtake.follow.keys.data_source import DataSource
from longtake.pipeline.ordered_map import ordered_map, worker_count
from longtake.pipeline.progress import Progress, ProgressMeter
from longtake.pipeline.results import Results
from longtake.pipeline.scan_results import ScanResults
from longtake.recording import record
from longtake.streams.stream_view import StreamView

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Executor

    from longtake.recording import Recording
    from longtake.streams import DataStream, FrameStream, RecordStream, TableStream

#: Who falls behind works on so many entries for each worker at once.
_EACH = 4


@dataclass(frozen=True)
class Processed:
    """What a run of `process` did.

    Attributes
    ----------
    path : pathlib.Path
        The file that the results are in.
    stream : str
        What they are called there.
    entries : int
        How many there are, those of earlier runs included.
    resumed_at : int or None
        The key of the last result of the earlier runs, if there were any.
    """

    path: Path
    stream: str
    entries: int
    resumed_at: int | None


def process(
    source: StreamView[Any] | Iterable[Any],
    function: Callable[[Any], Any],
    into: Recording
    | h5py.Group
    | DataStream
    | FrameStream
    | RecordStream
    | TableStream
    | str
    | os.PathLike[str],
    name: str | None = None,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    timeout: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Processed:
    """Apply a function to every entry of a stream as it is recorded, and store the results.

    Each result has the key of its entry, and can be read by every process when it is stored: so the
    results can be followed in turn. A run that was stopped, however it was, goes on after the last
    result that is stored.

    Parameters
    ----------
    source : stream of a view, or iterable
        ``longtake.open(path).frame_streams.camera``, which is followed until its writer has
        finished; or (key, value) pairs in ascending order of key; or a `DataSource`, whose frames
        have their number as key.
    function : callable
        ``function(value)``, called with one entry at a time, in any of the workers.
    into : path, Recording, stream or h5py.Group
        The recording to put the results in, which is made if there is none, and gone on with if
        there is; one that is open, also the one that is the source (which is followed until it is
        stopped, by another thread, or the timeout is over); one of its streams. For the
        points of a `DataSource`, also a group of a file that h5py has open to write: the results
        go to a dataset of the scan's shape, with a key dataset ``<name>_key`` beside it (what is
        lost when such a file's writer is killed is up to HDF5).
    name : str, optional
        The name of the stream of results; by default the function's. It is made when the first
        result has come: an array goes to a frame stream; columns by name (arrays of equal length,
        or a DataFrame), any number of rows, to a record stream; an array with fields to a table
        stream; anything else to a data stream.
    workers : int, optional
        How many threads; by default one for each processor.
    executor : concurrent.futures.Executor, optional
        Who does the work instead: processes, a cluster. It is left running.
    timeout : float, seconds, optional
        How long to wait for the next entry of a stream; by default for ever. A `DataSource` has a
        timeout of its own, after which this ends without an error: ask its `has_timed_out`.
    progress : callable, optional
        Gets a `longtake.pipeline.Progress` after each result.

    Returns
    -------
    Processed

    Raises
    ------
    InvalidArgument, WrongType
        If an argument cannot be used; if the stream of results was made by another function or
        from another stream; if a result is not of the kind of those before it.
    WriterDied, NothingCame
        As of `StreamView.follow`, when everything that came was processed.
    Exception
        What the function raised, when the results before it are stored; the next run begins with
        the entry that it was raised for.

    Guarantees
    ----------
    Order: the source's. No entry is skipped, and none has two results, through any number of stops
    and kills; the function may be called again for entries whose result was not stored. Memory: a
    few entries and results for each worker. The results of a stream or a `DataSource` do not wait
    for more entries to come; those of other iterables may, with more than one worker, wait for the
    next pair.

    Examples
    --------
    >>> import longtake as lt, numpy as np, tempfile, os
    >>> folder = tempfile.mkdtemp()
    >>> with lt.record(os.path.join(folder, "run.h5")) as recording:
    ...     camera = recording.create_frame_stream("camera", (2, 2), "u1")
    ...     for t in range(4):
    ...         camera.append(t, np.full((2, 2), t, "u1"))
    ...     def brightness(image):
    ...         return {"mean": float(image.mean())}
    ...     # It could be in any process, while this one records; here it stops after a while.
    ...     first = lt.open(recording.path).frame_streams.camera.items()[:3]
    ...     out = os.path.join(folder, "brightness.h5")
    ...     done = lt.process(first, brightness, out)
    >>> done = lt.process(lt.open(recording.path).frame_streams.camera, brightness, out)
    >>> done.entries, done.resumed_at
    (4, 2)
    >>> lt.open(out).data_streams.brightness[3]
    {'mean': 3.0}
    """
    if not callable(function):
        raise WrongType(f"{function!r} is not a function")
    is_text = isinstance(source, str | bytes)
    if is_text or not (isinstance(source, StreamView) or hasattr(source, "__iter__")):
        raise WrongType(
            f"entries come from a stream of a view, or (key, value) pairs, not {source!r}"
        )
    threads = worker_count(workers)
    called = name if name is not None else _name_of(function)
    about = {"function": _name_of(function, or_else=called)} | _said_of(source)
    is_own = isinstance(source, StreamView) and _is_of(source, into)
    with _recording(into) as target:
        results = _results(target, called, about)
        noted = results.noted if isinstance(results, ScanResults) else iter
        last = results.last_key
        meter = ProgressMeter(progress or (lambda _: None), done=len(results))
        if is_own:  # while this has it open nobody else records to it: what is there is all
            source = cast("StreamView[Any]", source).items_for_range(_after(last))
        pairs = _processed(source, function, last, noted, threads, executor, timeout)
        with closing(pairs):
            for key, result in pairs:
                results.append(key, result)
                meter.count()
        return Processed(results.path, called, len(results), last)


def _processed(
    source: Any,
    function: Callable[[Any], Any],
    last: int | None,
    noted: Callable[[Any], Iterator[tuple[int, Any]]],
    threads: int,
    executor: Executor | None,
    timeout: float | None,
) -> Generator[tuple[int, Any]]:
    """Give the keys and results of the entries after the last that has one."""
    batches = _batches(source, last, _EACH * threads, timeout)
    if batches is None:
        later = (pair for pair in map(_pair, source) if last is None or pair[0] > last)
        each = partial(_keyed, function)
        yield from ordered_map(each, noted(later), workers=threads, executor=executor)
        return
    with _pool(threads, executor) as pool:
        for batch in batches:
            yield from _mapped(pool, function, list(noted(batch)))


def _batches(
    source: Any, last: int | None, most: int, timeout: float | None
) -> Iterator[list[tuple[int, Any]]] | None:
    """Give the entries after the last, as they are there; None if the source cannot tell."""
    if isinstance(source, StreamView):
        return source.follow(_after(last), timeout=timeout, batch=most)
    if isinstance(source, DataSource):
        if last is not None:
            source.go_on_after(last)
        return (list(map(_pair, batch)) for batch in source.batches(most))
    return None


def _after(last: int | None) -> int | None:
    return None if last is None else last + 1


def _is_of(source: StreamView[Any], into: Any) -> bool:
    """Whether a path, which is to be opened, is that of the recording that a stream is in."""
    if not isinstance(into, str | os.PathLike) or source.file is None:
        return False
    path = Path(into)
    return path.exists() and path.samefile(source.file.path)


def _mapped(
    pool: Executor | None, function: Callable[[Any], Any], batch: list[tuple[int, Any]]
) -> Iterator[tuple[int, Any]]:
    """Give the results of entries that are there, in their order."""
    if pool is None:
        yield from map(partial(_keyed, function), batch)
        return
    futures = [pool.submit(_keyed, function, pair) for pair in batch]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _keyed(function: Callable[[Any], Any], pair: tuple[int, Any]) -> tuple[int, Any]:
    key, value = pair
    try:
        return key, function(value)
    except Exception as error:
        error.add_note(f"while the entry at {key} was processed; the next run begins with it")
        raise


@contextmanager
def _pool(threads: int, executor: Executor | None) -> Iterator[Executor | None]:
    if executor is not None or threads == 1:
        yield executor
        return
    with ThreadPoolExecutor(threads, "longtake") as pool:
        yield pool


def _results(target: Any, name: str, about: dict[str, object]) -> Results | ScanResults:
    if isinstance(target, h5py.Group):
        return ScanResults(target, name, about)
    return Results(target, name, about)


@contextmanager
def _recording(into: Any) -> Iterator[Any]:
    """Give the recording that results go to, or the stream; one that is opened here is closed."""
    owned = record(into, append=True) if isinstance(into, str | os.PathLike) else nullcontext(into)
    with owned as target:
        yield target


def _pair(item: Any) -> tuple[int, Any]:
    """Give an entry as (key, value); a frame that carries its number has that as key."""
    if isinstance(item, tuple) and len(item) == 2:
        return item
    if hasattr(item, "index") and isinstance(item, dict):
        return item.index, item  # pyright: ignore[reportAttributeAccessIssue]
    raise WrongType(f"entries come as (key, value) pairs, not as {item!r}")


def _name_of(function: Callable[[Any], Any], or_else: str | None = None) -> str:
    found = getattr(function, "__name__", None) or or_else
    if found is None or (found == "<lambda>" and or_else is None):
        raise InvalidArgument(f"{function!r} has no name: give the results one, by name=")
    return found


def _said_of(source: Any) -> dict[str, object]:
    return {"source": source.group} if isinstance(source, StreamView) else {}
