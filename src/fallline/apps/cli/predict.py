"""``fallline predict``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fallline.apps.cli.console import Json, Quiet, errors, print_json
from fallline.apps.cli.options import Delimiter, Header
from fallline.core.errors import OutputError
from fallline.core.files import writing
from fallline.data.remarks import Remark, sentences

if TYPE_CHECKING:
    from fallline.study.predicting import Predictions

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
    header: Header = None,
    delimiter: Delimiter = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Predict new rows with a study's best run, as CSV.

    One line per row of the table: the prediction, then the probability of each class, or the predicted standard
    deviation, where the loss gives them. What had to be done to the rows is said on standard error. A table of any
    size is predicted piece by piece.

    Example: [bold]fallline predict latest new.csv --out predictions.csv[/bold]
    """
    from fallline.verbs.predict import predict_batches

    if out is not None and out.resolve() == table.resolve():
        raise OutputError(f"writing {out}", "it is the table that is read", do="--out predictions.csv")
    batches = _told(predict_batches(study, table, header=header, delimiter=delimiter), quiet=quiet)
    if json:
        print_json({"study": study, **_whole(batches, out)})
    elif out is None:
        for content in _csv(batches):
            typer.echo(content, nl=False)
    else:
        rows = _written(batches, out)
        if not quiet:
            errors().print(f"{rows:,} predictions written to {out}", markup=False, soft_wrap=True)
    return 0


def _told(batches: Iterator[Predictions], *, quiet: bool) -> Iterator[Predictions]:
    """The batches; the rows are counted where that takes long, and at the end it is said what was done to them."""
    console, remarks, rows = errors(), list[Remark](), 0
    with console.status("predicting") if console.is_terminal and not quiet else nullcontext() as status:
        for batch in batches:
            remarks += batch.remarks
            rows += len(batch)
            if status is not None:
                status.update(f"predicted {rows:,} rows")
            yield batch
    for note in () if quiet else sentences(remarks):
        console.print(f"· {note}", markup=False, style="dim", soft_wrap=True)


def _csv(batches: Iterator[Predictions]) -> Iterator[str]:
    for number, batch in enumerate(batches):
        yield batch.frame().write_csv(include_header=number == 0)


def _written(batches: Iterator[Predictions], out: Path) -> int:
    rows = 0
    with writing(out) as stream:
        for number, batch in enumerate(batches):
            stream.write(batch.frame().write_csv(include_header=number == 0).encode())
            rows += len(batch)
    return rows


def _whole(batches: Iterator[Predictions], out: Path | None) -> dict[str, Any]:
    """All predictions as one object, written to ``out`` too where that was asked for."""
    kept = list(batches)
    if out is not None:
        _written(iter(kept), out)
    notes = sentences(remark for batch in kept for remark in batch.remarks)
    lines = [line for batch in kept for line in batch.frame().to_dicts()]
    return {"rows": len(lines), "predictions": lines, "notes": list(notes)}
