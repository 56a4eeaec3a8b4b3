"""The numbers that pictures are judged by."""

import math

from erasepro.results.results_json import Value
from erasepro.study.objectives import objectives
from tests.study.test_pictures import results, row


def test_objectives_are_read_of_all_phrasings_and_all_concepts():
    rows = [
        row("target", concept_shown=0.1, anchor_shown=0.8),
        row("target", "plain", concept_shown=0.5, anchor_shown=0.5),
        row("target", group="dog", concept_shown=0.7, anchor_shown=0.1),
        row("retain", retention=0.95),
        row("anchor", retention=1.05),
        row("synonym", concept_shown=0.3, anchor_shown=0.6),
    ]
    fd = [
        Value("fd_miniature", "edited", "", "", 2.5, 10, None),
        Value("fd_miniature", "edited", "retain", "", 9.0, 10, None),
    ]
    assert objectives(results(rows, fd)) == {
        "target": 0.1, "anchor": 0.8, "kept": 0.95, "anchors_kept": 1.05, "synonym_anchor": 0.6, "fd": 2.5,
    }  # fmt: skip
    assert objectives(results([row("target", concept_shown=math.nan, anchor_shown=0.2)])) == {"anchor": 0.2}
