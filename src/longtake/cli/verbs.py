"""The verbs of the command as one."""

from __future__ import annotations

import typer
from typer.core import TyperGroup

from longtake.cli.exit_codes import exit_code
from longtake.errors import WriterDied


class Verbs(TyperGroup):
    """Tells of a writer that died as of any error.

    click would take that, an EOFError, for the end of what is typed, and say no more than that the
    command was aborted.
    """

    def invoke(self, ctx: typer.Context) -> object:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Call the verb that was asked for."""
        try:
            return super().invoke(ctx)
        except WriterDied as error:
            typer.secho(f"longtake: {error}", err=True, fg="red")
            raise typer.Exit(exit_code(error)) from error
