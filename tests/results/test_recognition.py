"""Shares counted by hand, and the three ways a table is printed."""

import csv
import math

import pytest

from erasepro.report.tables import metric_table, recognition_table
from erasepro.results.recognition import compute_recognition_rates, find_worst_group
from erasepro.results.samples import read_samples, write_samples


def sample(model, role, prediction, i, phrasing="plain", concept="dog", expected_concept="cat", error=None):
    row = {"id": f"{role}{concept}{i}", "seed": 0, "prompt": "a dog", "role": role, "phrasing": phrasing}
    return {
        **row,
        "concept": concept,
        "expected_concept": expected_concept,
        "model": model,
        "prediction": prediction,
        "error": error,
    }


TARGET = ["dog", "cat", "cat", None, "apple"]
SAMPLES = [
    *(sample("original", "target", "dog", i) for i in range(5)),
    *(sample("edited", "target", prediction, i) for i, prediction in enumerate(TARGET)),
    sample("edited", "target", None, 9, error="nan: NaN pixels"),
    *(sample("original", "retain", v, i, "complex", "bus", "bus") for i, v in enumerate(["bus", "bus", "bus", None])),
    *(sample("edited", "retain", v, i, "complex", "bus", "bus") for i, v in enumerate(["bus", "bus", "car", "bus"])),
    *(sample("edited", "synonym", "cat", i) for i in range(2)),
]


def test_target_images_are_split_into_own_anchor_none_other():
    plain = compute_recognition_rates(SAMPLES)[0]
    assert (plain.role, plain.phrasing, plain.errors) == ("target", "plain", 1)
    shares = [plain.concept_shown, plain.anchor_shown, plain.unrecognised, plain.other]
    assert [s.value for s in shares] == pytest.approx([0.2, 0.4, 0.2, 0.2])
    assert all(s.n == 5 for s in shares)
    assert plain.concept_shown.stderr == pytest.approx(math.sqrt(0.2 * 0.8 / 4))
    assert plain.original.value == 1.0


def test_kept_ratio_is_over_the_original_on_the_same_images():
    kept = next(o for o in compute_recognition_rates(SAMPLES) if (o.role, o.phrasing) == ("retain", "complex"))
    assert (kept.concept_shown.value, kept.original.value, kept.retention.value) == (0.75, 0.75, 1.0)
    residuals = [0, 0, -1, 1]  # edited − ratio · original
    assert kept.retention.stderr == pytest.approx(math.sqrt(sum(r * r for r in residuals) / 3 / 4) / 0.75)


def test_images_of_prompts_without_a_concept_are_in_no_share():
    """Captions, and prompts of one's own that name nothing known: they halved the share of what stayed as it was."""
    captions = [sample(model, "retain", "bus", i, "complex", "", "") for model in ("original", "edited") for i in range(20, 24)]
    assert compute_recognition_rates([*SAMPLES, *captions]) == compute_recognition_rates(SAMPLES)
    assert compute_recognition_rates(captions) == []


def test_a_share_of_none_or_all_is_not_known_for_certain():
    gone = [sample(m, "target", v, i) for m, v in (("original", "dog"), ("edited", "cat")) for i in range(8)]
    found = compute_recognition_rates(gone)[0]
    assert (found.concept_shown.value, found.anchor_shown.value, found.retention.value) == (0, 1, 0)
    for share in (found.concept_shown, found.anchor_shown, found.original, found.retention):
        assert share.stderr == pytest.approx(math.sqrt(0.5 / 9 * (8.5 / 9) / 9))
    half = [sample(m, "retain", "bus" if i < 4 else "car", i, concept="bus", expected_concept="bus")
            for m in ("original", "edited") for i in range(8)]  # fmt: skip
    (same, _) = compute_recognition_rates(half)
    assert same.retention.value == 1
    assert same.retention.stderr == pytest.approx(2 * found.concept_shown.stderr)  # over the original's share, a half


def test_what_cannot_be_named_is_neither_target_anchor_nor_kept():
    nameless = [sample("edited", "target", None, 0, concept="dog", expected_concept="cat")]
    assert compute_recognition_rates(nameless)[0].unrecognised.value == 1.0


def test_roles_come_in_order_and_synonyms_stand_alone():
    found = compute_recognition_rates(SAMPLES)
    assert [(o.role, o.phrasing) for o in found] == [
        ("target", "plain"), ("target", "all"), ("synonym", "plain"), ("synonym", "all"),
        ("retain", "complex"), ("retain", "all"),
    ]  # fmt: skip
    synonym = found[2]
    assert synonym.anchor_shown.value == 1.0
    assert synonym.original.n == 0
    assert math.isnan(synonym.retention.value)


def test_all_phrasings_together_come_last_whatever_they_are_called():
    phrasings = enumerate(("plain", "own"))
    rows = [sample("edited", "target", "dog", i, phrasing) for i, phrasing in phrasings]
    assert [o.phrasing for o in compute_recognition_rates(rows)] == ["plain", "own", "all"]


def test_style_sets_also_say_whether_the_subject_is_still_there():
    style = {"concept": "ink", "expected_concept": "noto", "role": "target"}
    rows = [{**sample("edited", "target", "noto", i), **style, "subject": "dog", "concept_seen": s} for i, s in
            enumerate(["dog", "dog", "cat", None])]  # fmt: skip
    assert compute_recognition_rates(rows)[0].subject.value == 0.5
    assert "subject" in recognition_table(compute_recognition_rates(rows)).header
    assert "subject" not in recognition_table(compute_recognition_rates(SAMPLES)).header


def test_the_worst_pair():
    fox = [sample("edited", "target", "fox", i, concept="fox") for i in range(3)]
    found = compute_recognition_rates([*SAMPLES, *fox], by_concept=True)
    assert find_worst_group(found, "target").group == "fox"
    assert find_worst_group(found, "retain").group == "bus"
    assert find_worst_group(found, "anchor") is None


def test_a_table_of_them_in_its_forms():
    table = recognition_table(compute_recognition_rates(SAMPLES), title="dog → cat")
    assert "0.200±0.200" in table.text()
    assert "target ↓" in table.text()
    assert table.markdown().splitlines()[2].startswith("| prompts | phrasing | n |")
    rows = list(csv.DictReader(table.csv().splitlines()))
    assert rows[0]["errors"] == "1"
    assert table.rows[0][table.header.index("anchor shown")] == "0.400±0.245"
    assert [rows[0][key] for key in ("anchor shown", "anchor shown n")] == ["0.4", "5"]
    assert float(rows[0]["anchor shown stderr"]) == pytest.approx(0.245, abs=5e-4)
    assert "concept" in recognition_table(compute_recognition_rates(SAMPLES, by_concept=True)).header


def test_metrics_carry_n_error_direction_and_protocol():
    score = {"value": 0.125, "n": 40, "stderr": 0.01, "higher_is_better": False}
    edited = {"kid": score, "nudenet": {**score, "value": 12.0}}
    text = metric_table(edited, {"nudenet": score}, protocol="miniature").markdown()
    assert "| kid ↓ | – | 0.1250±0.0100 | 40 | miniature |" in text
    assert "| nudenet ↓ | 0.1250±0.0100 | 12±0.01 | 40 | miniature |" in text


def test_samples_as_parquet(tmp_path):
    rows = [{"id": "a", "prediction": None, "n": 1}, {"id": "b", "extra": 'say "hi", you', "n": 2}]
    write_samples(tmp_path / "samples.parquet", rows)
    blank = {"prediction": None, "extra": None}
    assert read_samples(tmp_path) == [{**blank, **row} for row in rows]
    (tmp_path / "samples.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"[Pp]arquet"):
        read_samples(tmp_path)
