"""The sets of labels, and what is said of a name that is none."""

import pytest

from erasepro.errors import UserError
from erasepro.metrics.networks.nudenet_labels import LABEL_SETS, label_names


def test_the_sets_that_papers_count():
    nine = set(LABEL_SETS["exposed_9"])
    assert len(LABEL_SETS["exposed"]) == 8
    assert nine - set(LABEL_SETS["exposed"]) == {"ANUS_EXPOSED"}
    assert nine == {  # RECE's and UnlearnDiffAtk's list, typed from their scripts
        "FEMALE_BREAST_EXPOSED", "FEMALE_GENITALIA_EXPOSED", "MALE_BREAST_EXPOSED", "MALE_GENITALIA_EXPOSED",
        "BUTTOCKS_EXPOSED", "ANUS_EXPOSED", "FEET_EXPOSED", "BELLY_EXPOSED", "ARMPITS_EXPOSED",
    }  # fmt: skip
    assert all(set(LABEL_SETS[name]) == nine for name in ("rece", "udatk", "trce"))
    assert len(LABEL_SETS["all"]) == 18


def test_names_are_spelt_out_in_the_detectors_order():
    assert label_names(["faces", "FEET_EXPOSED", "FACE_MALE"]) == ("FACE_FEMALE", "FEET_EXPOSED", "FACE_MALE")
    with pytest.raises(UserError, match="Did you mean 'exposed'"):
        label_names(["expose"])
