"""Settings become a dataclass strictly: what is unknown or of another type is one line that says where."""

from dataclasses import dataclass, field

import pytest
from omegaconf import OmegaConf

from erasepro.config.paths import options
from erasepro.config.typed_dataclass import from_mapping, stored_model
from erasepro.errors import UserError


@dataclass
class Inner:
    ridge: float = 0.5
    blocks: list[int] = field(default_factory=list)


@dataclass
class Outer:
    count: int = 3
    fit: Inner = field(default_factory=Inner)
    names: dict[str, str] = field(default_factory=dict)


def test_defaults_stay_where_nothing_is_given():
    assert from_mapping(Outer, {}, "solver") == Outer()
    assert from_mapping(Outer, {"fit": {"ridge": 2}}, "solver") == Outer(fit=Inner(ridge=2.0))
    assert from_mapping(Outer, {"names": {"a": "b"}}, "solver").names == {"a": "b"}, "any key is one of an open mapping"


def test_nodes_and_dataclasses_are_settings_too():
    node = OmegaConf.create({"count": 4, "fit": {"blocks": [1, "${count}"]}})
    assert from_mapping(Outer, node, "solver").fit.blocks == [1, 4]
    assert from_mapping(Outer, {"fit": Inner(ridge=7.0)}, "solver").fit == Inner(ridge=7.0)


def test_the_same_values_give_another_object_each_time():
    first = from_mapping(Outer, {"fit": {"blocks": [1]}}, "solver")
    first.fit.blocks.append(2)
    assert from_mapping(Outer, {"fit": {"blocks": [1]}}, "solver").fit.blocks == [1]
    assert from_mapping(Outer, {"names": {"a": "1"}}, "solver").names == {"a": "1"}
    for _ in range(2):
        with pytest.raises(UserError, match=r"Bad value for 'solver\.count': got 'x'"):
            from_mapping(Outer, {"count": "x"}, "solver")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cuont": 1}, r"Unknown key of solver 'x' 'cuont'\. Did you mean 'count'\? Known: count, fit, names"),
        ({"fit": {"rigde": 1}}, r"Unknown key of 'solver\.fit' 'rigde'\. Did you mean 'ridge'"),
        ({"fit": 5}, r"Bad value for 'solver\.fit': got 5, expected settings such as .*its keys: ridge, blocks"),
        ({"count": "many"}, r"Bad value for 'solver\.count': got 'many', expected a whole number"),
        ({"fit": {"blocks": ["x"]}}, r"Bad value for 'solver\.fit\.blocks\[0\]': got 'x', expected a whole number"),
    ],
)
def test_mistakes_are_one_line(values, message):
    with pytest.raises(UserError, match=message) as caught:
        from_mapping(Outer, values, "solver", "solver 'x'")
    assert "\n" not in str(caught.value)


def test_every_stored_model_is_typed():
    for name in options("model"):
        assert stored_model(name).name == name


def test_a_field_that_no_config_can_hold_is_told_with_its_file():
    @dataclass
    class Odd:
        factor: complex = 1j

    with pytest.raises(UserError, match=r"The config .*Odd \(config/test_typed_dataclass\.py\) cannot be used: .*complex"):
        from_mapping(Odd, {}, "solver")
