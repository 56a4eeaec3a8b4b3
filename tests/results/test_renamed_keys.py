"""Stored names of before are translated once; today's form and unknown keys are left as they are."""

import copy

import pytest

from erasepro.results.renamed_keys import (
    rename_diagnostics,
    rename_edit_meta,
    rename_schedule_config,
    rename_solver_config,
    with_values_of_then,
)

CONFIG = {
    "name": "erasepro",
    "text_tokens": "start_to_eos",
    "kv": True,
    "kv_tokens": "last_subject",
    "kv_fit": {"tau": 0.8, "rest": 1.0, "preserve": {"tokens": "all"}},
    "prompts": "build",
    "guide": "empty",
    "free": 0.25,
    "schedule": {"name": "kv_only", "at": "own"},
    "another": 1,
}
TODAY = {
    "name": "erasepro",
    "text_token_policy": "start_to_eos",
    "cross_attention": True,
    "cross_attention_token_policy": "last_subject",
    "cross_attention_fit": {"independence_threshold": 0.8, "unselected_weight": 1.0, "preserve": {"tokens": "all"}},
    "prompts": "fitting",
    "anchor_source": "empty",
    "free_fraction": 0.25,
    "schedule": {"name": "cross_attention_only", "at": "output"},
    "another": 1,
}
META = {"config": CONFIG, "build": {"pairs": []}, "selected": 3, "tokens": {"kv_tokens": "all"}, "seconds": {"kv": 1.5}}
META_TODAY = {
    "config": TODAY,
    "edit_prompts": {"pairs": []},
    "selected_columns": 3,
    "tokens": {"cross_attention_token_policy": "all"},
    "seconds": {"cross_attention": 1.5},
}
COLUMNS = [{"site": "a", "dropped": [{"column": "dog", "like": "cat", "distance": 0.1, "miss": 0.2}]}, {"site": "b"}]
COLUMNS_TODAY = [
    {"site": "a", "dropped": [{"column": "dog", "nearest_column": "cat", "distance": 0.1, "violation": 0.2}]},
    {"site": "b"},
]
CASES = [
    (rename_solver_config, CONFIG, TODAY),
    (rename_schedule_config, CONFIG["schedule"], TODAY["schedule"]),
    (rename_edit_meta, META, META_TODAY),
    (rename_diagnostics, COLUMNS, COLUMNS_TODAY),
    (
        rename_edit_meta,
        {"parents": [{"hash": "x", "meta": META}, {"hash": "y"}]},
        {"parents": [{"hash": "x", "meta": META_TODAY}, {"hash": "y"}]},
    ),
]


@pytest.mark.parametrize(("translate", "old", "new"), CASES)
def test_old_names_become_todays_and_todays_stay(translate, old, new):
    before = copy.deepcopy(old)
    assert translate(old) == new
    assert old == before, "a new value is given"
    assert translate(new) == new


@pytest.mark.parametrize(("kind", "weight"), [("style", 0.03), ("instance", 0.1)])
def test_what_styles_had_of_their_own_is_theirs_and_no_key_any_more(kind, weight):
    fit = {"hold": "names", "reduced_rank": 16, "unselected_weight": 0.1, "unselected_weight_style": 0.03}
    stored = {"text_token_policy": "subject_to_first_paddings", "text_fit": fit, "cross_attention_fit": dict(fit)}
    found = with_values_of_then(stored, kind)
    want = {"hold": "names", "reduced_rank": 16, "unselected_weight": weight}
    assert found == {"text_token_policy": "subject_to_eighth_padding", "text_fit": want, "cross_attention_fit": want}
    alike = with_values_of_then({"text_fit": {**fit, "unselected_weight_style": None}}, kind)["text_fit"]
    assert alike == {**want, "unselected_weight": 0.1}
    assert "unselected_weight_style" in fit, "a new value is given"
