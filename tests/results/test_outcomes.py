"""Shares counted by hand, and the three ways a table is printed."""

import csv
import math

import pytest

from erasepro.report.tables import metric_table, outcome_table
from erasepro.results.outcomes import outcomes, worst
from erasepro.results.samples import read_samples, write_samples


def sample(model, role, verdict, i, wording="plain", concept="dog", expects="cat", error=None):
    row = {"id": f"{role}{concept}{i}", "seed": 0, "prompt": "a dog", "role": role, "wording": wording}
    return {**row, "concept": concept, "expects": expects, "model": model, "verdict": verdict, "error": error}


TARGET = ["dog", "cat", "cat", None, "apple"]
SAMPLES = [
    *(sample("original", "target", "dog", i) for i in range(5)),
    *(sample("edited", "target", verdict, i) for i, verdict in enumerate(TARGET)),
    sample("edited", "target", None, 9, error="nan: NaN pixels"),
    *(sample("original", "kept", v, i, "complex", "bus", "bus") for i, v in enumerate(["bus", "bus", "bus", None])),
    *(sample("edited", "kept", v, i, "complex", "bus", "bus") for i, v in enumerate(["bus", "bus", "car", "bus"])),
    *(sample("edited", "synonym", "cat", i) for i in range(2)),
]


def test_target_images_are_split_into_own_anchor_none_other():
    plain = outcomes(SAMPLES)[0]
    assert (plain.role, plain.wording, plain.errors) == ("target", "plain", 1)
    shares = [plain.own, plain.anchor, plain.none, plain.other]
    assert [s.value for s in shares] == pytest.approx([0.2, 0.4, 0.2, 0.2])
    assert all(s.n == 5 for s in shares)
    assert plain.own.stderr == pytest.approx(math.sqrt(0.2 * 0.8 / 4))
    assert plain.original.value == 1.0


def test_kept_ratio_is_over_the_original_on_the_same_images():
    kept = next(o for o in outcomes(SAMPLES) if (o.role, o.wording) == ("kept", "complex"))
    assert (kept.own.value, kept.original.value, kept.ratio.value) == (0.75, 0.75, 1.0)
    residuals = [0, 0, -1, 1]  # edited − ratio · original
    assert kept.ratio.stderr == pytest.approx(math.sqrt(sum(r * r for r in residuals) / 3 / 4) / 0.75)


def test_a_share_of_none_or_all_is_not_known_for_certain():
    gone = [sample(m, "target", v, i) for m, v in (("original", "dog"), ("edited", "cat")) for i in range(8)]
    found = outcomes(gone)[0]
    assert (found.own.value, found.anchor.value, found.ratio.value) == (0, 1, 0)
    for share in (found.own, found.anchor, found.original, found.ratio):
        assert share.stderr == pytest.approx(math.sqrt(0.5 / 9 * (8.5 / 9) / 9))
    half = [sample(m, "kept", "bus" if i < 4 else "car", i, concept="bus", expects="bus")
            for m in ("original", "edited") for i in range(8)]  # fmt: skip
    (same, _) = outcomes(half)
    assert same.ratio.value == 1
    assert same.ratio.stderr == pytest.approx(2 * found.own.stderr)  # over the original's share, a half


def test_what_cannot_be_named_is_neither_target_anchor_nor_kept():
    nameless = [sample("edited", "target", None, 0, concept="dog", expects="cat")]
    assert outcomes(nameless)[0].none.value == 1.0


def test_roles_come_in_order_and_synonyms_stand_alone():
    found = outcomes(SAMPLES)
    assert [(o.role, o.wording) for o in found] == [
        ("target", "plain"), ("target", "all"), ("synonym", "plain"), ("synonym", "all"),
        ("kept", "complex"), ("kept", "all"),
    ]  # fmt: skip
    synonym = found[2]
    assert synonym.anchor.value == 1.0
    assert synonym.original.n == 0
    assert math.isnan(synonym.ratio.value)


def test_style_sets_also_say_whether_the_subject_is_still_there():
    style = {"concept": "ink", "expects": "noto", "role": "target"}
    rows = [{**sample("edited", "target", "noto", i), **style, "subject": "dog", "concept_seen": s} for i, s in
            enumerate(["dog", "dog", "cat", None])]  # fmt: skip
    assert outcomes(rows)[0].subject.value == 0.5
    assert "subject" in outcome_table(outcomes(rows)).header
    assert "subject" not in outcome_table(outcomes(SAMPLES)).header


def test_the_worst_pair():
    fox = [sample("edited", "target", "fox", i, concept="fox") for i in range(3)]
    found = outcomes([*SAMPLES, *fox], by_concept=True)
    assert worst(found, "target").group == "fox"
    assert worst(found, "kept").group == "bus"
    assert worst(found, "anchor") is None


def test_a_table_in_three_forms(tmp_path):
    table = outcome_table(outcomes(SAMPLES), title="dog → cat")
    assert "0.200±0.200" in table.text()
    assert "target ↓" in table.text()
    assert table.markdown().splitlines()[2].startswith("| prompts | wording | n |")
    rows = list(csv.DictReader(table.csv().splitlines()))
    assert rows[0]["errors"] == "1"
    assert rows[0]["anchor"] == "0.400±0.245"
    assert [p.name for p in table.write(tmp_path / "outcome")] == ["outcome.txt", "outcome.md", "outcome.csv"]
    assert "concept" in outcome_table(outcomes(SAMPLES, by_concept=True)).header


def test_metrics_carry_n_error_direction_and_protocol():
    score = {"value": 0.125, "n": 40, "stderr": 0.01, "higher_is_better": False}
    edited = {"kid": score, "nudenet": {**score, "value": 12.0}}
    text = metric_table(edited, {"nudenet": score}, protocol="miniature").markdown()
    assert "| kid ↓ | – | 0.1250±0.0100 | 40 | miniature |" in text
    assert "| nudenet ↓ | 0.1250±0.0100 | 12±0.01 | 40 | miniature |" in text


def test_samples_as_parquet(tmp_path):
    rows = [{"id": "a", "verdict": None, "n": 1}, {"id": "b", "extra": 'say "hi", you', "n": 2}]
    write_samples(tmp_path / "samples.parquet", rows)
    blank = {"verdict": None, "extra": None}
    assert read_samples(tmp_path) == [{**blank, **row} for row in rows]
    (tmp_path / "samples.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"[Pp]arquet"):
        read_samples(tmp_path)
