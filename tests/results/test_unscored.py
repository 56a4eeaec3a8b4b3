"""Images without a score are counted from what results store."""

from erasepro.results.recognition import compute_recognition_rates
from erasepro.results.unscored import Unscored, count_unscored, has_abstained, has_failed


def sample(prediction, place, role="target", error=None, model="edited"):
    facts = {"id": f"{role} {place}", "seed": 0, "role": role, "phrasing": "plain", "concept": "dog"}
    return {**facts, "expected_concept": "cat", "model": model, "prediction": prediction, "error": error}


def test_abstained_and_failed_are_counted_over_all_roles():
    samples = [sample(name, i) for i, name in enumerate(["dog", None, "", "cat"])]
    samples += [sample(None, 0, "retain"), sample(None, 9, error="unreadable"), sample("dog", 0, model="original")]
    unscored = count_unscored(compute_recognition_rates(samples))
    assert unscored == Unscored(abstained=3, failed=1, images=6)
    assert unscored.count == 4
    assert count_unscored([]) == Unscored()


def test_an_image_fails_or_the_judge_abstains():
    assert has_abstained(sample("", 0))
    assert has_abstained(sample(None, 0))
    assert not has_abstained(sample("dog", 0))
    assert has_failed(sample("dog", 0, error="unreadable"))
    assert not has_failed(sample("dog", 0))
