"""The sentences an edit is fitted on."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.config.schema import TemplatesConfig


@dataclass(frozen=True)
class PromptPair:
    """The same sentence about the target and about its anchor; the anchor's is "" where the anchor is empty."""

    target_prompt: str
    anchor_prompt: str
    pair: ConceptPair


@dataclass(frozen=True)
class EditPrompts:
    """What a solver is given. ``dropped``: sentences left out because they mention a minor.

    ``templates``: what the sentences were made from; None for sentences of one's own.
    """

    concepts: ConceptSet
    pairs: tuple[PromptPair, ...]
    preserve: tuple[str, ...]
    dropped: int = 0
    templates: TemplatesConfig | None = None
