"""``longtake follow``: what is appended to a recording, as it is."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longtake.cli.entry_lines import JsonLines, show
from longtake.cli.follow_status import following

if TYPE_CHECKING:
    from longtake.streams.cursor import Start


def follow(
    file: Annotated[Path, typer.Argument(help="A recording, also one that is finished.")],
    streams: Annotated[
        list[str] | None,
        typer.Argument(help="Streams, each as NAME or KIND/NAME. (default: all)", metavar="STREAM"),
    ] = None,
    *,
    start: Annotated[
        str | None,
        typer.Option(help="'now', or the key to begin with. (default: the first entry)"),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds to wait for the next entry. (default: for ever)")
    ] = None,
    wait: Annotated[
        float | None, typer.Option(help="Seconds to wait for the file, if it is not there.")
    ] = None,
    as_json: JsonLines = False,
) -> None:
    """Show what is recorded, a line for each entry, until the recording ends.

    All streams in the order of their keys, new ones too. How many entries come a second, and how
    many are not shown yet, is on the last line of the terminal. Ctrl-C ends it.

    It ends with 3 if the writer ended without finishing, with 4 if nothing came in time.
    """
    from longtake.follow import follow as followed

    names = streams or []
    with followed(file, *names, start=_start(start), timeout=timeout, wait=wait) as follower:
        name_of = (lambda entry: entry.stream) if len(names) != 1 else (lambda _: None)
        with suppress(KeyboardInterrupt), following(follower) as entries:
            for entry in entries:
                show(entry.key, entry.value, name_of(entry), as_json=as_json)


def _start(text: str | None) -> Start:
    from longtake.errors import InvalidArgument

    if text is None or text == "now":
        return text
    try:
        return int(text)
    except ValueError:
        raise InvalidArgument(f"--start {text!r}: give a key, a whole number, or 'now'") from None
