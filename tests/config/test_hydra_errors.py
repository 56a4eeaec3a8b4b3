"""What Hydra and omegaconf raise, as one line that names the key, the value, and what is allowed."""

import pytest
from hydra.errors import ConfigCompositionException, HydraException
from omegaconf.errors import InterpolationResolutionError

from erasepro.config.hydra_errors import translate, translated
from erasepro.config.unknown_keys import known_keys, unknown_key
from erasepro.errors import UserError
from erasepro.runs.resolve import compose


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["generation.stps=3"],
            r"Unknown key 'generation\.stps'\. Did you mean 'generation\.steps'\? Known under 'gen",
        ),
        (["generation.steps=few"], r"Bad value for 'generation\.steps': got 'few', expected a whole number\."),
        (["generation.steps=null"], r"expected a whole number; null is not allowed\."),
        (["generation.guidance=high"], r"got 'high', expected a number\."),
        (["outputs.grid=maybe"], r"got 'maybe', expected true or false\."),
        (["solver=ucee"], r"Unknown solver 'ucee'\. Did you mean solver=uce\? Known: "),
        (["metrics=fid"], r"A metric by its name is metrics=\[fid\]\."),
        (["metrics=clip_acc"], r"Did you mean metrics=\[clip_accuracy_pairwise\] or metrics=\[clip_accuracy_top1\]\?"),
        (["metrics=clip_accuracy_t"], r"Did you mean metrics=\[clip_accuracy_top1\]\?"),
        (["nothing=1"], r"Unknown key 'nothing'\."),
        (["solver=3"], r"Bad value for 'solver': got '3', expected solver="),
        (["generation.steps=1,2"], r"add -m to run one job for each value\.$"),
        (["generation.seeds=1,2"], r"for a list, write 'generation.seeds=\[1,2\]'\.$"),
        (["concepts.pairs=[dog,cat]"], r"write 'concepts\.pairs=\[\[dog,cat\]\]'\."),
        (["concepts.pairs={dog:cat}"], r"write 'concepts\.pairs=\[\[dog,cat\]\]'\."),
        (["concepts.pairs=[[café,cat]]"], r"""write 'concepts\.pairs=\[\["café",cat\]\]'\."""),
        (
            ["concepts.pairs=[[bee,],[dog,cat]]"],
            r"an empty anchor is written as two quotes, 'concepts\.pairs=\[\[bee,'\"'\"''\"'\"'\],\[dog,cat\]\]'\.",
        ),
        (["concepts.pairs=[[dog,cat]"], r"Cannot read the override 'concepts\.pairs=\[\[dog,cat\]': write key=value"),
        (["~generation.steps"], r"'generation\.steps' cannot be deleted: give it a value, generation\.steps=…"),
        (["metrics=[[kid]]"], r"'metrics\.names': got \['kid'\] in it, expected a list of texts, for example \[a,b\]\."),
        (["metrics=[{a:1}]"], r"'metrics\.names': got \{'a': 1\} in it, expected a list of texts"),
        (["metrics=[null]"], r"Bad value for 'metrics\.names\[0\]': expected text; null is not allowed\."),
        (["prompts=[null]"], r"Bad value for 'prompts': got None in it, expected prompts=artists\|"),
        (["prompts=[[i2p]]"], r"Bad value for 'prompts': got \['i2p'\] in it, expected prompts="),
        (["prompts=[3]"], r"Bad value for 'prompts': got 3 in it, expected prompts="),
        (["model.name=[]"], r"Bad value for 'model\.name': got '\[\]', expected text\."),
        (["concepts.kind={a:1}"], r"Bad value for 'concepts\.kind': got '\{a:1\}', expected text\."),
        (["concepts.preserve=dog"], r"'dog', expected a list of texts, for example \[a,b\]: write 'concepts.preserve=.dog]'"),
        (["concepts.preserve=[[a]]"], r"'concepts\.preserve': got \['a'\] in it, expected a list of texts"),
        (["generation.seeds=[[1]]"], r"got \[1\] in it, expected a list of whole numbers, for example \[0,1,2\]\."),
        (["solver.text_blocks=[[1]]"], r"'solver\.text_blocks': got \[1\] in it, expected a list of whole numbers"),
        (["solver.text_fit=3"], r"'solver\.text_fit': got 3, expected its keys one by one: solver\.text_fit\.residual=…"),
        (["metrics.params.clip_score=3"], r"'metrics\.params\.clip_score': got '3', expected settings, for example"),
        (["metrics.params.kid=[1]"], r"'metrics\.params\.kid': got '\[1\]', expected settings, for example"),
        (["metrics.params.kid.roles=3"], r"'metrics\.params\.kid\.roles': got 3, expected a list of texts"),
        (["metrics.judge=abc"], r"got 'abc', expected its keys one by one: metrics\.judge\.kind=…, metrics\.judge\.name"),
        (["templates=x"], r"Unknown templates 'x'\. Known: blind, known"),
        (["protocol.fixes=3"], r"Bad value for 'protocol\.fixes': got '3', expected settings, for example \{key:value\}"),
        (["outputs=foo"], r"Bad value for 'outputs': got 'foo', expected its keys one by one: outputs\.dir=…"),
        (["outputs=3"], r"Bad value for 'outputs': got '3', expected its keys one by one: outputs\.dir=…"),
        (["name=???"], r"The key 'name' has no value\. Give it one: name=…"),
        (["~solver.batch_size"], r"'solver\.batch_size' is not there to be deleted: an unset key has its default"),
        (["prompts.i2p.where=[]"], r"the prompt set 'i2p' is not chosen; add prompts=i2p\."),
    ],
)
def test_a_mistake_is_one_line(words, line):
    with pytest.raises(UserError, match=line) as caught:
        compose(words)
    assert "\n" not in str(caught.value)


def test_what_the_user_is_told_already_passes_through():
    told = UserError("say it once")
    with pytest.raises(UserError) as caught, translated([]):
        raise told
    assert caught.value is told
    wrapped = HydraException("around it")
    wrapped.__cause__ = told
    assert translate(wrapped, []) is told


def test_a_fault_of_ours_is_not_dressed_up_as_the_users():
    with pytest.raises(KeyError), translated([]):
        raise KeyError("a bug")


def test_what_is_known_of_no_other_error_is_its_first_line():
    assert str(translate(HydraException("odd.\nmore"), [])) == "The config does not compose: odd."
    assert str(translate(InterpolationResolutionError("no 'x'"), [])) == "Cannot resolve a ${…}: no 'x'."
    error = ConfigCompositionException("Could not override 'generation.stps'.")
    assert "Did you mean 'generation.steps'?" in str(translate(error, []))


def test_an_error_that_is_its_own_cause_ends():
    error = HydraException("round")
    error.__cause__ = error
    assert "round" in str(translate(error, []))


def test_keys_are_known_and_a_stranger_gets_the_groups():
    assert {"generation", "generation.steps", "concepts.pairs"} <= set(known_keys())
    assert str(unknown_key("zzzzzzzz")).startswith("Unknown key 'zzzzzzzz'. Known: ")
