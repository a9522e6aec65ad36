"""Study: a finished job, read from its folder."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any, final

import polars as pl
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from fallline.catalogue.averaging import MeanModel
from fallline.catalogue.registry import contract_of
from fallline.core.errors import StudyError
from fallline.core.files import write_file
from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe
from fallline.data.schema import Schema
from fallline.study.folder import HEADER, sha256
from fallline.study.header import ComparisonTable, Header
from fallline.study.models import blank_model, require_fit
from fallline.study.own_networks import bound, given_references
from fallline.study.run import Run

__all__ = ["Study"]


@final
class Study:
    """A job's result: its header, its tables, its models. All of it is read from the folder ``path``.

    Args:
        path: The folder.
        network: What its network was, where that was a function that cannot be imported (`own_networks.bound`).

    Raises:
        StudyError: The folder is missing, damaged, or from a newer version.
        ArgumentError: ``network`` is none of its networks.
    """

    def __init__(self, path: str | Path, *, network: Any = None) -> None:
        self.path = Path(path)
        if not os.path.isfile(self.path / HEADER):
            raise StudyError(
                f"opening the study {path}",
                f"the folder holds no {HEADER}" if os.path.isdir(self.path) else "there is no such folder",
                do="fallline studies, for a list of those in ./studies",
            )
        with self._reading(HEADER):
            text = (self.path / HEADER).read_text(encoding="utf-8")
        self.header = Header.from_toml(text, path=str(path))
        self.schema = Schema.from_json(self._content("data.json"), doing=f"opening the study {path}")
        self._functions = {} if network is None else bound(self._own(), network, doing=f"opening the study {path}")

    @cached_property
    def best(self) -> Run | None:
        """The chosen run; None where no run ever had a finite validation loss.

        Of a comparison with folds it stands for the chosen recipe's runs on all of them: its model returns what is
        read as the mean of what theirs predict, and its epochs and loss are their means.
        """
        best = self.header.best
        if best is None or not best.runs:
            return None if best is None else self.run(best.run)
        runs = [self.run(number) for number in best.runs]
        return Run(
            number=best.run,
            recipe=best.recipe,
            outcome=best.outcome,
            epochs=round(fmean(run.epochs for run in runs)),
            epoch=best.epoch,
            validation_loss=best.validation_loss,
            build=lambda: MeanModel(contract_of(best.recipe), [run.model for run in runs]).eval(),
        )

    def run(self, number: int) -> Run:
        """One of the runs whose models were kept.

        Raises:
            StudyError: There is no such run, or its model was not kept.
        """
        doing = f"reading run {number} of the study {self.path}"
        rows = self.frame().filter(pl.col("run") == number)
        prefix = f"{number}/"
        parameters = {
            name.removeprefix(prefix): value for name, value in self._models.items() if name.startswith(prefix)
        }
        if rows.is_empty():
            raise StudyError(doing, "there is no such run", expected=f"0 … {self.header.runs - 1}")
        if not parameters:
            raise StudyError(doing, "its model was not kept", do="train with --keep all (keep=None)")
        row = rows.row(0, named=True)
        recipe = Recipe.from_json(row["recipe"])
        return Run(
            number=number,
            recipe=recipe,
            outcome=Outcome(row["outcome"]),
            epochs=row["epochs"],
            epoch=row["kept_epoch"],
            validation_loss=row["validation_loss"],
            build=lambda: self._model(recipe, parameters),
        )

    def frame(self) -> pl.DataFrame:
        """One row per run: its recipe, how it ended, its best epoch and the one kept, its scores; with folds, which."""
        return self._results

    def curves(self) -> pl.DataFrame:
        """One row per run and epoch: training loss, validation loss, learning rate."""
        return self._curves

    def ranking(self) -> pl.DataFrame:
        """Of a comparison one row per recipe, best first: its score over the seeds, and what chance leaves of it.

        Columns: ``rank``; ``mean`` of the metric on the validation rows over the seeds, and the folds if there are any,
        with its 95 % interval ``low`` to ``high``; ``distinguishable`` from the best (null beyond the best 50);
        ``validation_loss``; ``runs`` and their ``seeds``; ``outcomes``; the ``recipe``.

        Raises:
            StudyError: The study is none of a comparison.
        """
        if self.header.comparison is None:
            raise StudyError(f"reading the ranking of {self.path}", "it is no comparison", do="fallline compare SOURCE")
        return self._ranking

    def predictions(self) -> pl.DataFrame:
        """The chosen run's predictions for the test rows, beside the truth; with folds the mean of its k models'."""
        return self._predictions

    def to_dict(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        header = self.header
        return {
            "study": str(self.path),
            "task": header.task.value,
            "target": header.data.target,
            "rows": {"train": header.split.train, "validation": header.split.validation, "test": header.split.test},
            "loss": header.loss,
            "best": None if header.best is None else header.best.model_dump(mode="json", exclude={"run", "runs"}),
            "test": None if header.best is None else header.test,
            "baselines": header.baselines,
            "runs": header.runs,
            "outcomes": {outcome.value: count for outcome, count in header.outcomes.items()},
            "seconds": header.seconds,
            "treatment": self.schema.treatment(),
            "notes": list(header.notes),
            **({} if header.comparison is None else self._compared(header.comparison)),
        }

    def _compared(self, comparison: ComparisonTable) -> dict[str, Any]:
        """What ``fallline compare --json`` prints beside that."""
        return {
            "metric": comparison.metric,
            "recipes": comparison.recipes,
            "folds": self.header.split.folds,
            "ranking": [
                {
                    "recipe": json.loads(row["recipe"]),
                    "metric": comparison.metric,
                    "mean": row["mean"],
                    "interval": None if row["low"] is None else [row["low"], row["high"]],
                    "seeds": len(row["seeds"]),
                    "distinguishable": row["distinguishable"],
                }
                for row in self._ranking.iter_rows(named=True)
            ],
            "tolerance": {name: each.decades for name, each in comparison.tolerance.items()},
            "model_steps_per_second": comparison.model_steps_per_second,
            "engines": comparison.engines,
            "plan": dict(comparison.plan),
            "timings": comparison.timings,
        }

    def predict(self, rows: Any) -> Any:
        """Predictions for new, raw rows: a table's path, a DataFrame, or an array of inputs.

        Returns:
            `fallline.study.predicting.Predictions`.
        """
        from fallline.study.predicting import predict  # it needs Study itself

        return predict(self, rows)

    def report(self) -> Path:
        """Write ``report.html`` into the study's folder, and return its path."""
        from fallline.study.reporting import html  # plotly is slow to import

        path = self.path / "report.html"
        write_file(path, html(self).encode())
        return path

    def _repr_html_(self) -> str:
        from fallline.study.reporting import summary_html

        return summary_html(self)

    def __repr__(self) -> str:
        return f"Study({str(self.path)!r}): {self.header.conclusion}"

    @cached_property
    def _results(self) -> pl.DataFrame:
        return self._parquet("results.parquet")

    @cached_property
    def _curves(self) -> pl.DataFrame:
        return self._parquet("curves.parquet")

    @cached_property
    def _ranking(self) -> pl.DataFrame:
        return self._parquet("ranking.parquet")

    @cached_property
    def _predictions(self) -> pl.DataFrame:
        return self._parquet("predictions.parquet")

    @cached_property
    def _models(self) -> dict[str, Tensor]:
        content = self._content("models.safetensors")
        with self._reading("models.safetensors"):
            return load(content)

    def _model(self, recipe: Recipe, parameters: dict[str, Tensor]) -> nn.Module:
        module = blank_model(recipe, self.schema, self._functions, study=str(self.path))
        require_fit(module, parameters, recipe, study=str(self.path))
        with self._reading("models.safetensors"):
            module.load_state_dict(parameters, assign=True)
        return module.eval()

    def _own(self) -> list[str]:
        """The references of its networks that cannot be imported."""
        return given_references(Recipe.from_json(text) for text in self._results["recipe"].unique(maintain_order=True))

    def _parquet(self, name: str) -> pl.DataFrame:
        content = self._content(name)
        with self._reading(name):
            return pl.read_parquet(io.BytesIO(content))

    def _content(self, name: str) -> bytes:
        """A file's content, if it is what was written."""
        with self._reading(name) as path:
            content = path.read_bytes()
        if sha256(content) != self.header.files.get(name):
            raise StudyError(
                f"opening the study {self.path}",
                f"its {name} is not the one that was written with it",
                likely="it was edited, damaged, or mixed up with another study's",
                do="restore it from a copy, or train again",
            )
        return content

    @contextmanager
    def _reading(self, name: str) -> Iterator[Path]:
        """Say which file of the study is missing or damaged, whatever its reader raises."""
        try:
            yield self.path / name
        except (OSError, ValueError, RuntimeError, SafetensorError, pl.exceptions.PolarsError) as error:
            wrong = f"its {name} cannot be read" if isinstance(error, OSError) else f"its {name} is damaged"
            got = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise StudyError(
                f"opening the study {self.path}",
                wrong,
                got=got.splitlines()[0].lower(),
                do="restore it from a copy, or train again",
            ) from None
