"""``fallline predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fallline.apps.cli.console import Json, Quiet, errors, print_json
from fallline.core.errors import OutputError

__all__ = ["predict"]


def predict(
    study: Annotated[
        str, typer.Argument(help="The study's folder, its name in ./studies, or latest.", show_default=False)
    ],
    table: Annotated[
        Path, typer.Argument(help="New rows, with the columns that the study was trained on.", show_default=False)
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write the predictions to this CSV file. [dim]\\[default: standard output][/dim]", show_default=False
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Predict new rows with a study's best run, as CSV.

    One line per row of the table: the prediction, then the probability of each class, or the predicted standard
    deviation, where the loss gives them. What had to be done to the rows is said on standard error.

    Example: [bold]fallline predict latest new.csv --out predictions.csv[/bold]
    """
    from fallline.core.files import write_file
    from fallline.verbs.predict import predict as predict_verb

    if out is not None and out.resolve() == table.resolve():
        raise OutputError(f"writing {out}", "it is the table that is read", do="--out predictions.csv")
    predictions = predict_verb(study, table)
    if not quiet:
        for note in predictions.notes:
            errors().print(f"· {note}", markup=False, style="dim", soft_wrap=True)
    content = predictions.frame().write_csv()
    if out is not None:
        write_file(out, content.encode())
    if json:
        print_json({"study": study, **predictions.to_dict()})
    elif out is None:
        typer.echo(content, nl=False)
    elif not quiet:
        errors().print(f"{len(predictions):,} predictions written to {out}", markup=False)
    return 0
