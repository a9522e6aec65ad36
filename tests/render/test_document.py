"""The report as a page: one file that is whole, harmless, and asks for nothing."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from plotly.offline import get_plotlyjs

from fallline.render.document import html_report, html_summary
from fallline.render.report import TargetRows

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """What a browser would make of a page: its elements, their nesting, its text, its scripts."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.scripts, self.words = [], [], [], [], []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())

    def figures(self):
        """The drawings that the page carries, by the id of their element."""
        return {
            attributes["id"]: json.loads(content)
            for attributes, content in self.scripts
            if attributes.get("type") == "application/json"
        }


def small(report):
    """The page, without the bulk of plotly.js."""
    return Page(html_report(report, plotly_js="/* plotly */"))


def test_the_page_is_well_formed(report, nothing_finite, hostile):
    for given in (report, nothing_finite, hostile):
        page = small(given)
        assert page.tags.count("main") == page.tags.count("h1") == page.tags.count("title") == 1


def test_the_page_holds_plotly_once(binary):
    assert html_report(binary).count(get_plotlyjs()) == 1
    assert html_report(binary, plotly_js="/* mine */").count("/* mine */") == 1


@pytest.mark.parametrize("write", [html_report, html_summary])
def test_nothing_is_asked_of_another_place(write, report):
    source = write(report)
    page = Page(source)
    for name, value in page.attributes:
        if name in {"src", "href", "action", "srcset", "data", "poster"} or name.endswith(":href"):
            assert value.startswith("data:")
        assert "//" not in (value or "")
    assert not re.search(r"@import|url\(", source.split("</style>")[0])


def test_the_browser_is_told_to_fetch_and_send_nothing(binary):
    policies = [value for name, value in small(binary).attributes if name == "content" and "-src" in value]
    assert "default-src 'none'" in policies[0]
    assert "form-action 'none'" in policies[0]
    assert "showSendToCloud: false" in html_report(binary, plotly_js="")


def test_hostile_names_are_text(hostile, multiclass):
    page = small(hostile)
    assert page.tags.count("script") == small(multiclass).tags.count("script")
    assert "img" not in page.tags
    assert page.text.count("<img src=http://evil.example/x onerror=alert(2)>") > 8
    assert "\x1b" not in html_report(hostile, plotly_js="")


def test_plotly_cannot_end_its_own_script(binary):
    page = Page(html_report(binary, plotly_js="const a = '</script><script>alert(1)</script>'; // <!--"))
    assert page.tags.count("script") == small(binary).tags.count("script")


def test_hostile_names_are_text_in_the_summary(hostile):
    page = Page(html_summary(hostile))
    assert not {"script", "img", "style", "link"} & set(page.tags)
    assert page.text.count("<img src=http://evil.example/x onerror=alert(2)>") == 3


def test_the_page_carries_its_figures_as_json(report):
    figures = small(report).figures()
    assert list(figures) == ["figure-curves", "figure-rates", "figure-predictions"]
    for figure in figures.values():
        assert "title" not in figure["layout"]
        assert not any(note.get("name") == "caption" for note in figure["layout"].get("annotations", []))
    kind = "heatmap" if report.classes else "scatter"
    assert figures["figure-predictions"]["data"][0]["type"] == kind


def test_each_of_several_numbers_has_its_picture(regression):
    """Beside the two of the runs, each with rows of its own."""
    rows = [TargetRows(f"target {place}", regression.truth[place:], regression.prediction[place:]) for place in (1, 2)]
    page = small(replace(regression, truth=(), prediction=(), several=tuple(rows)))
    names = ["figure-predictions-1", "figure-predictions-2"]
    assert list(page.figures()) == ["figure-curves", "figure-rates", *names]
    for name, one in zip(names, rows, strict=True):
        assert f"Predicted against true {one.target}, {len(one.truth)} test rows" in page.text
        assert page.figures()[name]["data"][0]["x"] == list(one.truth)
        assert one.target in page.figures()[name]["layout"]["xaxis"]["title"]["text"]


def test_the_page_says_all_that_the_report_holds(report):
    text = small(report).text
    for words in (report.title, report.conclusion, report.versions, *report.notes):
        assert words in text
    for name, value in (*report.facts, *report.recipe):
        assert name in text
        assert value in text
    for row in report.treatment:
        assert row["column"] in text
    for run in report.runs:
        assert run.message in text


def test_the_best_of_each_column_is_emphasised_with_its_direction(regression):
    source = html_report(regression, plotly_js="")
    for heading in ("R²\u00a0↑", "RMSE\u00a0↓", "MAE\u00a0↓"):
        assert heading in source
    scores = source.split("</table>")[0]
    assert re.findall(r'class="number best">([^<]*)<', scores) == ["0.8861", "2.613", "1.903"]


def test_equal_scores_are_both_emphasised(binary):
    scores = html_report(binary, plotly_js="").split("</table>")[0]
    assert scores.count('best">0.8525') == 2


def test_a_score_that_is_missing_is_a_dash(multiclass):
    assert '<td class="number">-</td>' in html_report(multiclass, plotly_js="")


def test_more_than_twenty_columns_are_shown_in_groups(multiclass, binary):
    assert "measurement_00, measurement_01, measurement_02 and 21 more" in small(multiclass).text
    assert "All 26 columns" in small(multiclass).text
    assert "All 13 columns" not in small(binary).text


def test_a_study_without_a_finite_loss_has_a_page(nothing_finite):
    text = small(nothing_finite).text
    assert nothing_finite.conclusion in text
    assert "No run had a finite validation loss." in text
    assert "chosen" not in html_report(nothing_finite, plotly_js="").split("</style>")[1].split("</table>")[0]
    Page(html_summary(nothing_finite))


def test_the_summary_holds_the_scores_and_a_drawing_without_script(report):
    page = Page(html_summary(report))
    assert not {"script", "style"} & set(page.tags)
    assert page.tags.count("svg") == page.tags.count("table") == page.tags.count("circle") == 1
    assert page.tags.count("path") == sum(run.diverged for run in report.runs)
    assert report.conclusion in page.text


def test_the_drawing_has_the_lowest_loss_at_the_bottom(report):
    points = re.search(r'points="([^"]*)"', html_summary(report))[1]
    heights = [float(point.split(",")[1]) for point in points.split()]
    kept = [run for run in report.ladder if not run.diverged]
    assert heights.index(max(heights)) == [run.run for run in kept].index(report.best)
    assert len(heights) == len(kept)


def test_one_learning_rate_needs_no_drawing(binary):
    assert "svg" not in Page(html_summary(replace(binary, runs=(binary.chosen,)))).tags


def test_the_same_report_gives_the_same_page(report):
    assert html_report(report, plotly_js="") == html_report(report, plotly_js="")
