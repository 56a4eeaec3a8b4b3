"""An override that Hydra would take without effect is refused with what to write."""

import pytest

from erasepro.config.check_overrides import check_overrides
from erasepro.errors import UserError
from erasepro.runs.resolve import compose


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["solver={}"], r"'solver=\{\}' changes nothing, as settings are merged key by key"),
        (["metrics.params={}"], r"changes nothing"),
        (["solver=[uce]"], r"'solver': got a list, and it takes one option: write solver=uce\."),
        (["model=[sd14,sd15]"], r"takes one option: choose one, or -m model=sd14,sd15\."),
        (["method=uce_best"], r"'method=uce_best' cannot be given: a method is named by its solver\. Write solver=uce_best\."),
        (["hydra.run.dir=x"], r"'hydra\.run\.dir=x' has no effect here: .*outputs\.dir=…"),
        (["hydra.mode=MULTIRUN"], r"has no effect here"),
        (["hydra.searchpath=[x]"], r"has no effect here"),
        (["hydra/launcher=basic"], r"has no effect here"),
        (["outputs.grid=2"], r"'outputs\.grid': got '2', expected true or false\."),
        ([f"model={'y' * 5000}"], r"Unknown model of 5,000 letters \('y{20}' …\): expected model="),
        (["solver=uce", "solver.text_fit.residual=soft"], r"'solver\.text_fit'\. Known under 'solver': anchor_source, "),
        (["solver={ridg:2}"], r"Unknown key 'solver\.ridg'\."),
        (["protocol.requires={x:1}"], r"Unknown key 'x'"),
    ],
)
def test_what_has_no_effect_is_refused(words, line):
    with pytest.raises(UserError, match=line) as caught:
        compose(words)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("word", ["hydra.sweeper.max_batch_size=0", "hydra.sweeper.params={x:1}", "hydra/sweeper=basic"])
def test_how_a_sweep_goes_is_not_to_be_changed(word):
    with pytest.raises(UserError, match="has no effect here"):
        check_overrides([word], sweep=True)


def test_a_long_key_is_not_repeated():
    with pytest.raises(UserError, match=r"^Unknown key of 5,000 letters \('x{20}' …\)"):
        check_overrides(["x" * 5000 + "=1"])


def test_what_has_an_effect_passes():
    check_overrides(["hydra/launcher=basic", "solver=uce,erasepro"], sweep=True)
    assert compose(["outputs.grid=0"]).outputs.grid is False
    assert compose(["solver=uce", "solver={ridge:2}"]).solver.ridge == 2
    assert compose(["concepts.file=null", "concepts.pairs=[[pig,cat]]"]).concepts.pairs == [["pig", "cat"]]
    assert list(compose(["prompts=[i2p,coco]"]).prompts) == ["i2p", "coco"]
