"""The registry's errors teach, and entries describe themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from erasepro.errors import UserError, nearest
from erasepro.registry import Registry


@dataclass
class UceConfig:
    lam: float = 0.5


@pytest.fixture
def registry() -> Registry[object]:
    made: Registry[object] = Registry("solver")

    @made.register("uce", config=UceConfig)
    class Uce:
        """Unified concept editing.

        More.
        """

    @made.register("mace")
    class Mace:
        """Mass concept erasure."""

    return made


def test_get_and_config(registry):
    assert registry.get("uce").__name__ == "Uce"
    assert registry.config("uce") is UceConfig
    assert registry.config("mace") is None
    assert "uce" in registry
    assert "uec" not in registry


def test_unknown_name_suggests_the_nearest_and_lists_all(registry):
    with pytest.raises(UserError) as caught:
        registry.get("uec")
    assert str(caught.value) == "Unknown solver 'uec'. Did you mean 'uce'? Known: mace, uce."


def test_far_name_gets_no_suggestion(registry):
    with pytest.raises(UserError, match=r"^Unknown solver 'zzzzzz'\. Known: mace, uce\.$"):
        registry.get("zzzzzz")


def test_names_and_first_lines(registry):
    assert registry.names() == ["mace", "uce"]
    assert registry.describe() == {"mace": "Mass concept erasure.", "uce": "Unified concept editing."}


def test_a_name_cannot_be_taken_twice(registry):
    with pytest.raises(ValueError, match="registered twice"):
        registry.register("uce")(object())


def test_modules_of_the_package_register_at_first_look_up():
    from erasepro.tracking import TRACKERS

    assert {"none", "wandb"} <= set(TRACKERS.names())


def test_nearest_ignores_case():
    assert nearest("Van Gogh", ["van gogh", "monet"]) == "van gogh"
    assert nearest("x", ["van gogh"]) is None


def test_user_errors_are_one_line():
    assert str(UserError("two\n  lines")) == "two lines"
