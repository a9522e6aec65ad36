"""`fl.catalog`: one entry, a kind, everything, or an answer why not."""

import json

import plotly.graph_objects as go
import polars as pl
import pytest

import fallline as fl
from fallline.catalogue.card import Card
from fallline.catalogue.listing import KINDS, Catalog, CatalogEntry
from fallline.catalogue.registry import cards, left_out
from fallline.core.errors import OutputError, UnknownNameError


def test_without_a_name_it_holds_every_card():
    everything = fl.catalog()
    assert isinstance(everything, Catalog)
    assert [entry.card for entry in everything] == list(cards())
    assert len(everything) == everything.frame().height
    assert everything[0].card.name == "mse"
    assert everything.left_out == left_out()


@pytest.mark.parametrize(("kind", "plural"), KINDS.items())
def test_a_kind_is_named_in_the_singular_or_the_plural(kind: str, plural: str):
    for name in (kind, plural, plural.upper()):
        assert {entry.card.kind for entry in fl.catalog(name)} == {kind}


def test_british_spelling_is_understood():
    assert [entry.card.name for entry in fl.catalog("normalisations")] == ["none", "batch", "layer"]


@pytest.mark.parametrize("name", ["mse", "MSE", "MSELoss", "torch.nn.MSELoss", "mseloss"])
def test_an_entry_is_found_by_its_name_or_torchs(name: str):
    entry = fl.catalog(name)
    assert isinstance(entry, CatalogEntry)
    assert isinstance(entry.card, Card)
    assert entry.card.name == "mse"
    assert entry.contract is not None
    assert fl.catalog("adam").contract is None


def test_a_name_of_several_kinds_shows_all_of_them(monkeypatch: pytest.MonkeyPatch):
    from fallline.catalogue import listing

    relu = listing.find("activation", "relu")
    monkeypatch.setattr(listing, "find", lambda kind, name: relu if kind in ("activation", "loss") else _none(name))
    both = listing.look_up("relu")
    assert isinstance(both, Catalog)
    assert both.in_full
    assert len(both) == 2
    assert repr(both).count("Rectified linear unit") == 2


def _none(name: str):
    raise UnknownNameError("looking", name)


@pytest.mark.parametrize(
    ("name", "meant"), [("adm", "adam"), ("MSELos", "mse"), ("hubber", "huber"), ("cosin", "cosine")]
)
def test_a_name_that_is_nearly_right_is_mended(name: str, meant: str):
    with pytest.raises(UnknownNameError, match=rf"did you mean '{meant}', the "):
        fl.catalog(name)


def test_a_name_that_is_like_none_is_told_where_to_look():
    with pytest.raises(UnknownNameError, match="fallline catalog lists them"):
        fl.catalog("xyzzy")


@pytest.mark.parametrize("name", ["CTCLoss", "torch.nn.CTCLoss", "ctcloss"])
def test_what_is_left_out_of_torchs_answers_with_the_reason(name: str):
    with pytest.raises(UnknownNameError, match="CTCLoss is left out: it aligns sequences"):
        fl.catalog(name)


def test_any_optimizer_is_found_by_where_it_is_imported_from():
    assert fl.catalog("torch.optim:Adam").card.name == "torch.optim:Adam"


def test_a_kind_says_what_of_its_own_is_left_out():
    assert set(fl.catalog("optimizers").left_out) == {"SparseAdam"}
    assert fl.catalog("schedules").left_out == {}


def test_data_are_plain_and_whole():
    for entry in fl.catalog():
        data = json.loads(json.dumps(entry.to_dict(), allow_nan=False))
        assert data["name"] == entry.card.name
        assert data["pitfalls"] == list(entry.card.pitfalls)
        assert [option["name"] for option in data["options"]] == [option.name for option in entry.card.options]
        assert ("contract" in data) == ("reduction" in data) == (entry.card.kind == "loss")
        assert ("rates" in data) == (entry.card.kind == "optimizer")
    assert fl.catalog("huber").to_dict()["contract"]["tasks"] == ["regression"]
    assert list(fl.catalog("losses").to_dict()) == ["cards", "left_out"]


def test_a_table_has_a_row_per_entry():
    frame = fl.catalog("losses").frame()
    assert frame.columns == ["kind", "name", "torch", "summary", "tasks"]
    assert frame.row(by_predicate=pl.col("name") == "huber", named=True)["tasks"] == ["regression"]
    assert fl.catalog("optimizers").frame().schema == frame.schema


def test_an_entry_shows_itself():
    entry = fl.catalog("sigmoid")
    assert "<svg" in entry._repr_html_()
    assert "<math" in entry._repr_html_()
    assert repr(entry).startswith("sigmoid  activation, torch.nn.Sigmoid\n")
    assert isinstance(entry.figure(), go.Figure)
    assert "sigmoid" in entry.picture.title


def test_a_list_shows_itself():
    losses = fl.catalog("losses")
    assert repr(losses).splitlines()[0] == "losses"
    assert "CTCLoss" in repr(losses)
    assert "huber" in losses._repr_html_()


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    path = fl.catalog("relu").plot(tmp_path / "relu.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "relu" in fl.catalog("normalizations").plot(tmp_path / "all.html").read_text(encoding="utf-8")
    with pytest.raises(OutputError, match="where you may write"):
        fl.catalog("relu").plot(tmp_path / "missing" / "relu.html")
