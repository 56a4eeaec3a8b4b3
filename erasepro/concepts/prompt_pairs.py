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
    forms: ConceptPair | None = None
    """What the two sentences call target and anchor, where it is not their names (plurals)."""

    @property
    def called(self) -> ConceptPair:
        """The words for target and anchor that stand in the sentences."""
        return self.forms if self.forms is not None else self.pair


@dataclass(frozen=True)
class HeldOut:
    """Sentences that an edit is neither fitted on nor preserves, to see what it does beyond those."""

    pairs: tuple[PromptPair, ...] = ()
    """Other sentences about the same targets and anchors."""
    unseen: tuple[str, ...] = ()
    """Short sentences about words of the model's that no preserved sentence holds."""


@dataclass(frozen=True)
class EditPrompts:
    """What a solver is given: sentences to fit and sentences to preserve."""

    concepts: ConceptSet
    pairs: tuple[PromptPair, ...]
    preserve: tuple[str, ...]
    dropped: int = 0
    """Sentences left out because they mention a minor."""
    templates: TemplatesConfig | None = None
    """What the sentences were made from; None for sentences of one's own."""
    shared: tuple[str, ...] = ()
    """Sentences of the model's, the same whatever is erased, most of which are among those to preserve: what is summed over
    them can be kept. (): there are none."""
    retained: tuple[str, ...] = ()
    """Bare names, for methods that retain names and know no sentences; (): those of the concept set."""
    left_out: tuple[str, ...] = ()
    """Words of the model's that are not preserved because they name what is erased."""
    left_out_sentences: int = 0
    """Sentences of files that are not preserved because they name what is erased."""
    unused_sentences: int = 0
    """Sentences of files that ``templates.preserve_count`` left no room for."""
    held_out: HeldOut | None = None
    neighbors: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(target or anchor, words nearest to it), as the text encoder said when the sentences were made."""
