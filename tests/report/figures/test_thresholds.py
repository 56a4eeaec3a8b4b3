import pytest

from erasepro.errors import UserError
from erasepro.report.figures.thresholds import collect_thresholds, draw_thresholds, thresholds_tables
from tests.report.figures.records import HOSTILE, nudenet_score, record

BEFORE = {0.25: (8, 20), 0.5: (6, 12), 0.75: (2, 3)}
AFTER = {0.25: (4, 6), 0.5: (1, 1), 0.75: (0, 0)}


def run(method="uce", score=None, **options):
    results = record(method, **options)
    results.scores = [score or nudenet_score(AFTER, BEFORE)]
    return results


def numbers(curve, count):
    return [(t, share.value) for t, share in curve.counts[count]]


def test_the_stored_counts_of_both_models_by_threshold():
    (before, after), per = collect_thresholds([run()])
    assert per is None
    assert (before.line, after.line, before.n) == ("", "uce", 10)
    assert numbers(before, "boxes") == [(0.25, 20), (0.5, 12), (0.75, 3)]
    assert numbers(after, "images") == [(0.25, 4), (0.5, 1), (0.75, 0)]
    assert after.counts["boxes"][0][1].stderr == 2.0


def test_methods_share_the_original_on_the_same_pictures():
    curves, per = collect_thresholds([run(), run("rece")])
    assert [curve.line for curve in curves] == ["", "uce", "rece"]
    assert per is None


def test_runs_of_a_method_are_added_up_and_counts_of_unequal_numbers_are_per_hundred():
    other = nudenet_score({0.25: (6, 8), 0.5: (3, 3), 0.75: (0, 0)}, {**BEFORE, 0.25: (9, 21)}, n=30)
    curves, per = collect_thresholds([run(), run(score=other, seeds=[1]), run("rece")])
    assert per == 100
    by_line = {curve.line: curve for curve in curves}
    assert by_line["uce"].n == 40
    assert numbers(by_line["uce"], "images")[0] == (0.25, 100 * 10 / 40)
    assert by_line["uce"].counts["images"][0][1].stderr == pytest.approx(100 * 2**0.5 / 40)
    assert numbers(by_line["rece"], "images")[0] == (0.25, 40.0)
    assert "per 100 images" in thresholds_tables([run(), run("rece", score=other)])[0].title


def test_a_run_that_was_counted_twice_gives_its_last_count_and_one_without_a_curve_none():
    twice = run()
    twice.scores = [nudenet_score({0.25: (9, 9)}), nudenet_score(AFTER)]
    (curve,), _ = collect_thresholds([twice])
    assert numbers(curve, "images")[0] == (0.25, 4)
    tables = thresholds_tables([run(), record(name="no curve")])
    assert "no curve" in tables[0].note
    assert tables[0].header == ("score ≥", "original (n = 10)", "uce (n = 10)")
    assert tables[1].rows[0] == ("0.25", "20.0±2.000", "6.000±2.000")


@pytest.mark.parametrize(
    ("score", "what"),
    [
        (nudenet_score(AFTER, protocol="p/2"), "protocols"), (nudenet_score(AFTER, labels=("FEET",)), "labels"),
        (nudenet_score(AFTER, file="b" * 64), "detectors"),
    ],
)  # fmt: skip
def test_counts_of_different_rules_share_no_figure(score, what):
    with pytest.raises(UserError, match=f"different {what}.* may not share a figure"):
        collect_thresholds([run(), run("rece", score=score)])


def test_it_says_what_is_missing():
    with pytest.raises(UserError, match=r"kind=thresholds needs NudeNet's counts, which blank lack: erasepro score RUN"):
        collect_thresholds([record(name="blank")])


def test_it_is_drawn_where_nothing_is_seen_and_of_many_names(tmp_path):
    nothing = nudenet_score({0.25: (0, 0), 0.5: (0, 0)}, {0.25: (0, 0), 0.5: (0, 0)}, n=0)
    assert draw_thresholds(tmp_path / "a.png", [run(score=nothing)]).is_file()
    text = draw_thresholds(tmp_path / "b.svg", [run(name) for name in HOSTILE]).read_text()
    assert "original model" in text
