"""The comparison as a page: one file that is whole, harmless, and asks for nothing."""

import re
from dataclasses import replace

import pytest
from plotly.offline import get_plotlyjs

from fallline.render.comparison_page import html_comparison, html_comparison_summary
from fallline.render.report import TargetRows
from tests.render.comparison_samples import SAMPLES, crowd, heart, hostile, lone, lost, mpg, nothing
from tests.render.test_document import Page


def small(report, comparison):
    """The page, without the bulk of plotly.js."""
    return Page(html_comparison(report, comparison, plotly_js="/* plotly */"))


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_page_is_well_formed_whatever_was_compared(sample, binary, nothing_finite):
    for given in (binary, nothing_finite):
        page = small(given, SAMPLES[sample]())
        assert page.tags.count("main") == page.tags.count("h1") == page.tags.count("title") == 1


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("write", [html_comparison, html_comparison_summary])
def test_nothing_is_asked_of_another_place(write, sample, binary):
    source = write(binary, SAMPLES[sample]()).replace(get_plotlyjs(), "")
    for name, value in Page(source).attributes:
        if name in {"src", "href", "action", "srcset", "data", "poster"} or name.endswith(":href"):
            assert value.startswith("data:")
        assert "//" not in (value or "")
    assert not re.search(r"@import|url\(", source.split("</style>")[0])


def test_the_page_holds_plotly_once(binary):
    assert html_comparison(binary, lone()).count(get_plotlyjs()) == 1


def test_the_page_carries_its_figures_as_json(binary):
    figures = small(binary, heart()).figures()
    assert list(figures) == ["figure-ranking", "figure-heat", "figure-curves", "figure-rates", "figure-predictions"]
    for figure in figures.values():
        assert "title" not in figure["layout"]


def test_the_page_says_all_that_is_known(binary):
    comparison = heart()
    text = small(binary, comparison).text
    for words in (binary.title, binary.conclusion, binary.versions):
        assert words in text
    for line in comparison.plan:
        assert line.text in text
    for name, _ in comparison.timings:
        assert name in text
    for words in ("1,024", "recipes × 4 seeds", "412,000", "684 stopped, 212 finished, 128 diverged", "2.3"):
        assert words in text
    for _, value in (*binary.facts, *binary.recipe):
        assert value in text


def test_fifty_places_are_shown_and_the_others_are_to_unfold(binary):
    source = html_comparison(binary, crowd(), plotly_js="")
    ranking = source.split("<h2>The first 20 of 1,024 recipes</h2>")[1].split("</section>")[0]
    shown, folded = ranking.split("<details>")
    assert (shown.count("<tr"), folded.count("<tr")) == (51, 975)
    assert "Places 51 to 1,024" in folded
    assert "<details>" not in html_comparison(binary, lone(), plotly_js="").split('data-figure="figure-curves')[0]


def test_each_of_the_first_places_says_how_it_stands_beside_the_best(binary):
    text = html_comparison(binary, heart(), plotly_js="").split("<details>")[0]
    places = heart().places[:50]
    assert text.count(">the best<") == 1
    assert text.count(">not distinguishable<") == sum(place.distinguishable is False for place in places)
    assert text.count(">worse<") == sum(place.distinguishable is True for place in places)


def test_one_seed_is_said_to_tell_nothing_of_training(binary):
    assert "With one seed" in small(binary, heart(seeds=1)).text
    assert "With one seed" not in small(binary, heart()).text


def test_a_field_that_a_recipe_lacks_is_blank(binary):
    places = heart().places
    mixed = (replace(places[0], fields=(("momentum", "0.9"),)), *places[1:])
    assert 'class="number"></td>' in html_comparison(binary, replace(heart(), places=mixed), plotly_js="")


def test_a_chosen_recipe_at_one_rate_shows_its_curves(binary):
    alone = replace(binary, runs=(binary.chosen,))
    figures = small(alone, lone()).figures()
    assert "figure-chosen" in figures
    assert "figure-rates" not in figures


def test_each_of_several_targets_is_shown_against_the_truth(regression):
    several = tuple(TargetRows(name, (1.0, 2.0), (1.5, 2.0)) for name in ("height", "weight"))
    report = replace(regression, truth=(), prediction=(), several=several)
    assert {"figure-predictions-1", "figure-predictions-2"} <= set(small(report, mpg()).figures())


def test_hostile_names_are_text(hostile_report, multiclass):
    page = small(hostile_report, hostile())
    assert page.tags.count("script") == small(multiclass, heart()).tags.count("script")
    assert "img" not in page.tags
    assert "\x1b" not in html_comparison(hostile_report, hostile(), plotly_js="")
    summary = Page(html_comparison_summary(hostile_report, hostile()))
    assert not {"script", "img", "style", "link"} & set(summary.tags)


@pytest.fixture
def hostile_report(request):
    """The report in which every text is an attempt at breaking out."""
    return request.getfixturevalue("hostile")


def test_where_nothing_was_reached_the_page_says_so(nothing_finite):
    for comparison in (lost(), nothing()):
        text = small(nothing_finite, comparison).text
        assert "No recipe could be scored by ROC AUC." in text
        assert nothing_finite.conclusion in text
        assert "svg" not in Page(html_comparison_summary(nothing_finite, comparison)).tags


@pytest.mark.parametrize("make", [heart, mpg, crowd])
def test_the_summary_draws_every_cell_and_no_script(binary, make):
    comparison = make()
    page = Page(html_comparison_summary(binary, comparison))
    assert not {"script", "style"} & set(page.tags)
    assert page.tags.count("svg") == 1
    assert page.tags.count("rect") == len(comparison.heat) + 1  # and the frame around the best
    assert page.tags.count("path") == sum(cell.diverged >= 1 for cell in comparison.heat)
    assert binary.conclusion in page.text


def test_the_summary_holds_the_first_places(binary):
    text = Page(html_comparison_summary(binary, heart())).text
    assert "1. adam · 0.01 · 128, 32 · relu" in text
    assert "0.9267" in text


def test_the_same_comparison_gives_the_same_page(binary):
    assert html_comparison(binary, heart(), plotly_js="") == html_comparison(binary, heart(), plotly_js="")
