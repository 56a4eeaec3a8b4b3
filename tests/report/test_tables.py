"""How numbers are written."""

import math

import pytest

from erasepro.metrics import METRICS
from erasepro.report.tables import FEW, Table, metric_table, number, quick_look_note, ratio, recognition_table, share
from erasepro.results.interval import BOUNDS, SHARE
from erasepro.results.recognition import RecognitionRates, Share


@pytest.mark.parametrize(
    ("value", "stderr", "told"),
    [
        (0.98765, 0.00432, "0.9877±0.0043"),
        (1.0, 0.019, "1.0000±0.0190"),
        (187.0, 6.712, "187±6.7"),
        (26.314, 0.4212, "26.31±0.42"),
        (3.14159, None, "3.142"),
        (12345.6, 7.0, "12345.6±7.0"),
        (-2.5, 0.1, "-2.500±0.100"),
        (math.nan, None, "–"),
        (math.inf, None, "inf"),
    ],
)
def test_numbers_are_told_with_the_digits_that_matter(value, stderr, told):
    assert number(value, stderr) == told


def test_a_table_shows_any_text_as_itself():
    evil = "\x1b[31m<b>|:dog:[bold]"
    table = Table(evil, (evil, "n"), ((evil, "1"),), evil)
    for text in (table.text(), table.markdown(), table.csv()):
        assert "\x1b" not in text
        assert "\\x1b" in text
    assert table.text().count(":dog:[bold]") == 4
    lines = table.markdown().splitlines()
    assert lines[0] == r"**\\x1b\[31m\<b\>\|:dog:\[bold\]**"
    assert lines[4] == r"| \\x1b\[31m\<b\>\|:dog:\[bold\] | 1 |"


@pytest.mark.parametrize("width", [80, 100, 160])
def test_title_and_note_fit_too(width):
    table = Table("title " * 40, ("a", "b"), (("1", "2"),), "note " * 60 + "\nquick look")
    lines = table.text(width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[-1] == " quick look", "each line of a note begins anew"


def test_the_width_is_the_terminal_s(monkeypatch):
    table = Table("t", ("a", *(f"column {i}" for i in range(20))), (("1", *["0.123±0.004"] * 20),))
    for width in (80, 100, 160):
        monkeypatch.setenv("COLUMNS", str(width))
        assert max(map(len, table.text().splitlines())) <= width


@pytest.mark.parametrize(
    ("value", "stderr", "shown"),
    [
        (1.0, 0.076, "1.000 [0.889–1]"),
        (0.0, 0.076, "0.000 [0–0.111]"),
        (0.98, 0.03, "0.980 [0.925–0.995]"),
        (0.5, 0.1, "0.500±0.100"),
    ],
)
def test_the_error_of_a_share_never_passes_0_or_1(value, stderr, shown):
    assert share(Share(value, 8, stderr)) == shown


def test_a_ratio_may_be_above_1_and_not_below_0():
    assert ratio(Share(1.0, 8, 0.076)) == "1.000±0.076"
    assert ratio(Share(0.0, 8, 0.076)) == "0.000 [0–0.076]"


def test_one_picture_does_not_say_0_with_a_straight_face():
    assert share(Share(0.0, 1, None)) == "0.000 [0–0.500]"


def test_a_metric_s_number_keeps_its_bounds():
    score = {"n": 8, "higher_is_better": False}
    rows = metric_table(
        {
            "clip_accuracy_top1": {**score, "value": 1.0, "stderr": share_error(8)},
            "nudenet": {**score, "value": 0.0, "stderr": 0.6},
            "kid": {**score, "value": 0.001, "stderr": 0.02},
            "theirs": {**score, "value": 0.001, "stderr": 0.02},
        }
    ).rows
    assert [row[2] for row in rows] == ["1.0000 [0.8889–1]", "0.0000 [0–0.6000]", "0.0010±0.0200", "0.0010±0.0200"]


def share_error(n):
    from erasepro.results.standard_error import share_stderr

    return share_stderr(1.0, n)


@pytest.mark.parametrize("name", METRICS.names())
def test_every_metric_says_what_its_number_can_be(name):
    assert METRICS.attribute(name, "number_kind") in BOUNDS
    assert number(1.0, 0.5, bounds=SHARE) != "1.0000±0.5000"


def rates(role, phrasing, n):
    of = Share(0.0, n, 0.1)
    return RecognitionRates(role, phrasing, "", of, of, of, of, Share(math.nan, 0, None), of, of, 0)


def test_few_images_of_the_targets_are_a_quick_look():
    few = [rates("target", "plain", FEW - 1), rates("target", "complex", 99), rates("target", "all", 4)]
    assert recognition_table(few).note.splitlines()[0].startswith("quick look: n too small to report (9 images")
    assert quick_look_note([few, few]) == "", "two runs of a method count together"
    assert quick_look_note([[rates("target", "plain", FEW), rates("retain", "plain", 1)]]) == ""
    assert quick_look_note([[]]) == ""
