import pytest

from erasepro.errors import UserError
from erasepro.report.figures.concepts import collect_concepts, concepts_tables, draw_concepts
from tests.report.figures.records import HOSTILE, record


def of(number, **options):
    return record(targets=[f"c{i}" for i in range(number)], **options)


RUNS = [
    of(10, shown=0.4, kept=0.5), of(1, shown=0.1), of(1, shown=0.3, seeds=[1]), of(1, method="rece", shown=0.2, kept=0.8),
]  # fmt: skip


def test_a_point_a_method_and_number_of_concepts_from_few_to_many():
    assert [(p.method, p.concepts, p.runs, p.target.value, p.retain.value) for p in collect_concepts(RUNS)] == [
        ("uce", 1, 2, pytest.approx(0.2), pytest.approx(0.9)), ("uce", 10, 1, 0.4, 0.5),
        ("rece", 1, 1, 0.2, pytest.approx(0.8)),
    ]  # fmt: skip


def test_accuracy_is_beside_the_original_models():
    (point,) = collect_concepts([of(3, kept=0.5, retain_original=0.8, target_original=0.7)])
    assert (point.retain.value, point.original_retain.value, point.original_target.value) == (0.4, 0.8, 0.7)
    assert concepts_tables([of(3, kept=0.5, retain_original=0.8)])[0].rows[0][5:] == ("0.800±0.050", "0.400±0.050")


def test_it_says_what_is_missing():
    with pytest.raises(UserError, match="kind=concepts needs recognised shares of target and retain prompts"):
        collect_concepts([of(3, shown=None)])


def test_it_is_drawn_of_one_run_and_over_decades(tmp_path):
    wide = [of(number, method=name) for number in (1, 10, 100) for name in HOSTILE]
    assert draw_concepts(tmp_path / "a.png", RUNS[:1]).is_file()
    text = draw_concepts(tmp_path / "b.svg", wide).read_text()
    assert ">100<" in text
    assert "original model" in text
