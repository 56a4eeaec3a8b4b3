"""Settings given in Python compose to what the same words of the command compose to."""

from dataclasses import dataclass

import pytest

from erasepro.errors import UserError
from erasepro.metrics.engine.base import Metric
from erasepro.runs.override_words import metrics_words, override_words, solver_words
from erasepro.runs.resolve import resolve
from erasepro.solvers.base import Solver
from erasepro.solvers.closed_form.uce import UCE, UCEConfig


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, []),
        ({"solver": "uce_best"}, ["solver=uce_best"]),
        ({"solver": {"name": "uce", "ridge": 0.25}}, ["solver=uce", "solver.ridge=0.25"]),
        ({"concepts": {"dog": "cat"}}, ["concepts.pairs=[[dog,cat]]"]),
        ({"concepts": [("dog", "cat"), ("Georgia O'Keeffe", "")]}, ["concepts.pairs=[[dog,cat],[\"Georgia O'Keeffe\",\"\"]]"]),
        ({"concepts": "mini/instance_5"}, ["concepts=mini/instance_5"]),
        ({"concepts": {"pairs": {"1984": "true"}, "kind": "style"}},
         ['concepts.pairs=[["1984","true"]]', "concepts.kind=style"]),
        ({"concepts.synonyms": {"Van Gogh": ["Vincent"]}, "concepts": {"Van Gogh": "x"}},
         ["concepts.synonyms={Van Gogh:[Vincent]}", 'concepts.pairs=[["Van Gogh",x]]']),
        ({"generation": {"steps": 4, "seeds": (0, 1)}}, ["generation.steps=4", "generation.seeds=[0,1]"]),
        ({"metrics": ["kid", "fid"], "metrics.params.kid.subsets": 7}, ["metrics=[kid,fid]", "metrics.params.kid.subsets=7"]),
        ({"metrics": "nudity"}, ["metrics=nudity"]),
        ({"outputs.grid": False, "generation.size": None}, ["outputs.grid=false", "generation.size=null"]),
        (["debug=tiny", "solver=uce"], ["debug=tiny", "solver=uce"]),
    ],
)  # fmt: skip
def test_a_dict_says_what_words_say(given, words):
    assert resolve(override_words(given)).stored == resolve(words).stored


@pytest.mark.parametrize("text", ['a "quoted" one', "back\\slash\\", 'both \\"', "[x,y]", "a=b,c", "${not.read", " null "])
def test_any_text_stays_as_it_is(text):
    pairs = resolve(override_words({"concepts": {"dog": text}})).concepts.pairs if "$" not in text else None
    assert pairs in (None, [["dog", text]])


def test_a_class_and_an_instance_choose_the_solver_and_its_settings():
    assert solver_words(UCE) == ["solver=uce"]
    spec = resolve(solver_words(UCE(UCEConfig(ridge=0.125))))
    assert (spec.solver_name, spec.solver.ridge) == ("uce", 0.125)


def test_a_class_of_a_session_is_entered_under_its_name():
    @dataclass
    class Config:
        gain: float = 2.0

    class SessionNudge(Solver[Config]):
        """Nothing."""

    class SessionMean(Metric):
        """Nothing."""

        update = compute = lambda self: None

    assert solver_words(SessionNudge) == ["solver=session_nudge"]
    spec = resolve(override_words({"solver": SessionNudge(Config(gain=3))}))
    assert (spec.solver.name, spec.solver.gain) == ("session_nudge", 3.0)
    assert metrics_words([SessionMean, "kid"]) == ["metrics=[session_mean,kid]"]
    assert list(resolve(override_words({"metrics": SessionMean})).metrics.names) == ["session_mean"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("solver=uce", r"write \['solver=uce'\]"),
        (3, "a text such as"),
        ([UCE], "a text such as"),
        ({"solver": Metric}, r"a class derived from erasepro\.solvers\.base\.Solver, .*got the class Metric"),
        ({"solver": 3}, "got a int"),
        ({"metrics": [UCE]}, r"erasepro\.metrics\.engine\.base\.Metric"),
        ({"generation.steps": object()}, "'generation.steps': a object is nothing"),
        ({"a b": 1}, "is no key of a config"),
    ],
)
def test_what_no_config_can_hold_is_one_line(given, message):
    with pytest.raises(UserError, match=message) as info:
        override_words(given)
    assert "\n" not in str(info.value)
