"""A key that no config has is answered with the keys of what was chosen."""

import pytest

from erasepro.config.unknown_keys import known_keys, unknown_key
from erasepro.runs.resolve import resolve

CASES = [
    (["solver=uce", "solver.perserve_scale=0.1"], "solver.preserve_scale", "erase_scale"),
    (["solver.perserve_scale=0.1", "solver=uce_best"], "solver.preserve_scale", "erase_scale"),
    (["solver=emcid", "solver.wieght=1"], "solver.weight", "alpha"),
    (["solver.text_fit.preserve.ridgee=1"], "solver.text_fit.preserve.ridge", "captions"),
    (["metrics.params.kid.subset_sizes=3"], "subset_size", "roles"),
    (["metrics.judge.knd=model"], "metrics.judge.kind", "style_template"),
    (["prompts=i2p", "prompts.i2p.max_row=3"], "prompts.i2p.max_rows", "use_row_settings"),
    (["prompts=i2p", "prompts.i2p.columns.promt=a"], "prompts.i2p.columns.prompt", "guidance"),
    (["prompts=[coco,i2p]", "prompts.i2pp.max_rows=3"], "prompts.i2p", "coco"),
    (["protocol=ace", "protocol.fixs=1"], "protocol.fixes", "suggests"),
    (["schedule=interpolate", "schedule.shap=linear"], "schedule.shape", "share"),
    (["seeds=[0]"], "generation.seeds", "generation"),
    (["steps=3"], "generation.steps", "generation"),
    (["models=tiny"], "model", "concepts"),
]


@pytest.mark.parametrize(("words", "meant", "known"), CASES, ids=[" ".join(words) for words, _, _ in CASES])
def test_the_nearest_key_is_one_of_what_was_chosen(words, meant, known):
    with pytest.raises(ValueError, match="Did you mean") as caught:
        resolve(words)
    message, (wrong, right) = str(caught.value), caught.value.hint
    assert f"Did you mean {meant!r}?" in message
    assert known in message.split("?")[1]
    assert right == meant
    assert wrong in " ".join(words)


def test_another_solvers_keys_are_not_named():
    with pytest.raises(ValueError, match=r"Unknown key 'solver\.text_blocks'") as caught:
        resolve(["solver=uce", "solver.text_blocks=[1]"])
    assert "text_fit" not in str(caught.value)
    assert "preserve_scale" in str(caught.value)


def test_a_schedules_keys_need_not_stand_in_its_file():
    assert resolve(["schedule=interpolate", "schedule.at=output"]).solver.schedule.at == "output"


def test_a_set_that_was_not_chosen_is_told():
    assert "add prompts=i2p." in str(unknown_key("prompts.i2p.max_rows"))
    assert "Chosen: templates; others are chosen by prompts=NAME" in str(unknown_key("prompts.foo.x"))


def test_what_a_protocol_states_is_given_in_braces():
    error = unknown_key("protocol.fixes.generation", overrides=["protocol.fixes.generation.steps=5"])
    assert "write 'protocol.fixes={generation.steps:5}'." in str(error)


def test_the_keys_of_the_default_config_are_known():
    assert {"generation.steps", "solver.name", "seed"} <= set(known_keys())
