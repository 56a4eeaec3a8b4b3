"""What a picture is said to show."""

import pytest

from erasepro.generation import Row
from erasepro.report.web_page.picture_group import verdict


@pytest.mark.parametrize(
    ("role", "seen", "kind"),
    [
        ("target", "dog", "shown"), ("target", "cat", "gone"), ("target", "", "none"), ("target", None, ""),
        ("synonym", "dog", "shown"), ("retain", "dog", "kept"), ("retain", "cat", "lost"), ("retain", "", "lost"),
        ("anchor", "dog", "kept"),
    ],
)  # fmt: skip
def test_of_a_targets_prompt_the_target_is_to_be_gone_and_of_others_kept(role, seen, kind):
    assert verdict(Row("a", "a dog", 0, "dog", role), seen)[0] == kind


def test_a_prompt_of_no_concept_has_no_verdict():
    assert verdict(Row("a", "a street", 0), "dog") == ("", "")
