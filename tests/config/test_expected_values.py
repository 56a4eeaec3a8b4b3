"""What a key takes is told from its type; what omegaconf lets through is not let through here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from erasepro.config.expected_values import check_groups, check_lists, expected_at, hint_at
from erasepro.errors import UserError


@dataclass
class Fit:
    ridge: float | None = 0.5
    blocks: list[int] | None = None


@dataclass
class Settings:
    names: list[str] = field(default_factory=list)
    pairs: list[list[str]] = field(default_factory=list)
    fit: Fit = field(default_factory=Fit)
    fits: dict[str, Fit] = field(default_factory=dict)
    open: dict[str, Any] = field(default_factory=dict)
    quick: bool = False
    anything: Any = None


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("names", "a list of texts, for example [a,b]"),
        ("names[0]", "text"),
        ("pairs", "a list"),
        ("pairs[0][1]", "text"),
        ("fit", "its keys one by one: fit.ridge=…, fit.blocks=…"),
        ("fit.ridge", "a number, or null"),
        ("fit.blocks", "a list of whole numbers, for example [0,1,2]"),
        ("fits.a.blocks[3]", "a whole number"),
        ("open", "settings, for example {key:value}"),
        ("open.a", None),
        ("quick", "true or false"),
        ("anything", None),
        ("anything.else", None),
        ("nothing", None),
    ],
)
def test_the_type_at_a_key_in_words(key, words):
    assert expected_at(Settings, key) == words


def test_the_hint_of_the_whole_is_the_class():
    assert hint_at(Settings, "") is Settings
    assert hint_at(Settings, "anything") is None


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (Settings(names=[["a"]]), "'where.names'"),
        (Settings(names=["a", {"b": 1}]), "'where.names'"),
        (Settings(fit=Fit(blocks=[[1]])), "'where.fit.blocks'"),
        (Settings(fits={"a": Fit(blocks=[[1]])}), "'where.fits.a.blocks'"),
    ],
)
def test_a_list_in_a_list_of_texts_or_numbers_is_refused(settings, key):
    with pytest.raises(UserError, match=f"Bad value for {key}: got .* in it, expected a list of "):
        check_lists(settings, "where")


def test_lists_that_hold_what_they_should_pass():
    check_lists(Settings(names=["a"], pairs=[["a", "b"]], fit=Fit(blocks=[1]), open={"a": [[1]]}, anything=[[1]]))


def test_a_plain_value_in_the_place_of_settings_is_named():
    check_groups(Settings, {"fit": {"ridge": 1}, "names": 3, "other": 1}, "solver")
    with pytest.raises(UserError, match=r"Bad value for 'solver\.fit': got 3, expected its keys one by one: solver\.fit\.ri"):
        check_groups(Settings, {"fit": 3}, "solver")
