"""From a concept's name to ImageNet's classes, as torchvision words them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from erasepro.errors import UserError, nearest

IMAGENETTE = {
    "tench": "tench",
    "english springer": "English springer",
    "springer spaniel": "English springer",
    "english springer spaniel": "English springer",
    "cassette player": "cassette player",
    "chain saw": "chain saw",
    "chainsaw": "chain saw",
    "church": "church",
    "church building": "church",
    "french horn": "French horn",
    "garbage truck": "garbage truck",
    "gas pump": "gas pump",
    "petrol pump": "gas pump",
    "golf ball": "golf ball",
    "parachute": "parachute",
}
"""Imagenette's ten classes, in the phrasings that prompts use."""


@lru_cache(maxsize=1)
def categories() -> tuple[str, ...]:
    """The 1,000 names in the order of the network's answers ("crane" is the machine, "crane bird" the bird)."""
    from torchvision.models import ResNet50_Weights

    return tuple(ResNet50_Weights.IMAGENET1K_V1.meta["categories"])


def folded(name: str) -> str:
    """``"A French_Horn"`` and ``"french horn"`` are one: case, separators and a leading article do not count."""
    words = re.sub(r"[\s_\-]+", " ", name).strip().casefold()
    return re.sub(r"^(an?|the) ", "", words)


def _indices(name: str) -> frozenset[int]:
    """Classes of this very name; else those that fold to the same ("Cardigan", a dog, and "cardigan" do)."""
    exact = frozenset(i for i, known in enumerate(categories()) if known == name)
    return exact or frozenset(i for i, known in enumerate(categories()) if folded(known) == folded(name))


@lru_cache(maxsize=4096)
def _class_named(concept: str) -> frozenset[int]:
    return _indices(IMAGENETTE.get(folded(concept), concept))


def classes_of(concept: str, given: Mapping[str, Any], key: str) -> frozenset[int]:
    """Indices of the classes that count as showing the concept; empty where ``given`` says that none does.

    Args:
        given: concept -> a category, or a list of categories (``[]``: the concept is left out), before the names themselves.
        key: the setting that holds ``given``, for errors.

    Raises UserError naming the nearest category for a concept that is none.
    """
    own = {folded(str(name)): value for name, value in given.items()}.get(folded(concept))
    if own is not None:
        names: Sequence[Any] = [own] if isinstance(own, str) else list(own)
        return frozenset().union(*(_category(str(name), f"{key}.{concept}") for name in names))
    classes = _class_named(concept)
    if classes:
        return classes
    hint = nearest(folded(concept), categories())
    near = f" The nearest is {hint!r}." if hint else ""
    raise UserError(
        f"object_accuracy: {concept!r} is none of ImageNet's 1,000 classes.{near} Say which count: "
        f"'{key}={{{concept}: CLASS}}', a list, or [] to leave it out."
    )


def _category(name: str, key: str) -> frozenset[int]:
    indices = _indices(name)
    if not indices:
        hint = nearest(folded(name), categories())
        guess = f" Did you mean {hint!r}?" if hint else ""
        raise UserError(f"{key}: {name!r} is no ImageNet class.{guess}", (name, hint) if hint else None)
    return indices
