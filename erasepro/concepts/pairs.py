"""What is erased: pairs of a target and the anchor that takes its place, and what must stay."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from erasepro.errors import UserError, is_text, unknown

CONCEPT_KINDS = ("instance", "style", "nudity", "faces")
VOCABULARIES = ("open", "miniature")


def folded(name: str) -> str:
    """The form in which two names are compared: no case, single spaces, no full-width or invisible characters."""
    visible = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return " ".join(visible.split()).casefold()


@dataclass(frozen=True)
class ConceptPair:
    """``target`` is erased, ``anchor`` is drawn in its place. An empty anchor stands for the empty prompt.

    Raises UserError where the target is empty or equal to its anchor.
    """

    target: str
    anchor: str

    def __post_init__(self) -> None:
        for key, word in (("target", self.target), ("anchor", self.anchor)):
            if not isinstance(word, str):
                raise UserError(f"A concept's {key} is text; got {word!r}. Write the name in quotes.")
            if not is_text(word):
                raise UserError(f"A concept's {key} is {word!a}, which holds half a character: write it as UTF-8 text.")
            object.__setattr__(self, key, " ".join(word.split()) if folded(word) else "")
        if not self.target:
            raise UserError(f"A concept pair has no target (its anchor is {self.anchor!r}): write [target,anchor].")
        if folded(self.target) == folded(self.anchor):
            raise UserError(f"The concept {self.target!r} is its own anchor: choose another anchor for it.")


@dataclass(frozen=True)
class ConceptSet:
    """A named set of pairs to erase together.

    ``kind``: instance | style | nudity | faces. ``preserve``: names that must stay as they are. ``vocabulary``:
    ``open`` for real models (any text), ``miniature`` for the shipped model, whose concepts and styles are known to its
    test prompts. ``synonyms``: (target, further words for it), which are not preserved.

    Raises UserError for no pairs, a target with two anchors, an anchor that is also erased, a target that is also
    preserved, or an unknown kind. A pair given twice counts once.
    """

    name: str
    kind: str
    pairs: tuple[ConceptPair, ...]
    preserve: tuple[str, ...] = ()
    notes: str = ""
    vocabulary: str = "open"
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in CONCEPT_KINDS:
            raise unknown("kind of concepts", self.kind, CONCEPT_KINDS)
        if self.vocabulary not in VOCABULARIES:
            raise unknown("vocabulary", self.vocabulary, VOCABULARIES)
        if not self.pairs:
            raise UserError(
                f"The concept set {self.name!r} has no pairs: give 'concepts.pairs=[[dog,cat]]' or concepts.file=x.csv."
            )
        object.__setattr__(self, "pairs", consistent(self.pairs))
        object.__setattr__(self, "preserve", tuple(dict.fromkeys(" ".join(name.split()) for name in self.preserve)))
        erased = {folded(pair.target) for pair in self.pairs}
        object.__setattr__(self, "synonyms", self._checked_synonyms())
        for name in (*self.preserve, *(word for _, words in self.synonyms for word in words)):
            if not is_text(name):
                raise UserError(f"The name {name!a} holds half a character: write it as UTF-8 text.")
        for name in self.preserve:
            if folded(name) in erased:
                raise UserError(f"The concept {name!r} is both erased and in concepts.preserve: remove it from one.")

    def _checked_synonyms(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The synonyms under the targets as the pairs spell them. Raises UserError for one that is also to stay."""
        spelt = {folded(pair.target): pair.target for pair in self.pairs}
        stays = {folded(name) for name in (*self.anchors, *self.preserve)}
        for name, words in self.synonyms:
            if folded(name) not in spelt:
                raise UserError(
                    f"concepts.synonyms has the name {name!r}, which is not erased: name a target, one of "
                    f"{', '.join(spelt.values())}."
                )
            for word in words:
                if not isinstance(word, str) or not folded(word):
                    raise UserError(f"concepts.synonyms.{name} holds {word!r}, which is no word: leave it out.")
                if folded(word) in stays:
                    raise UserError(
                        f"concepts.synonyms.{name} holds {word!r}, which is an anchor or in concepts.preserve: it cannot "
                        "both go and stay."
                    )
        return tuple((spelt[folded(name)], tuple(words)) for name, words in self.synonyms)

    @property
    def targets(self) -> tuple[str, ...]:
        """The target of each pair, in the order of the pairs."""
        return tuple(pair.target for pair in self.pairs)

    @property
    def anchors(self) -> tuple[str, ...]:
        """Each anchor once, in the order of the pairs."""
        return tuple(dict.fromkeys(pair.anchor for pair in self.pairs))


def consistent(pairs: Iterable[ConceptPair]) -> tuple[ConceptPair, ...]:
    """The pairs without repetitions, or UserError where they contradict each other."""
    by_target: dict[str, ConceptPair] = {}
    for pair in pairs:
        first = by_target.setdefault(folded(pair.target), pair)
        if folded(first.anchor) != folded(pair.anchor):
            raise UserError(
                f"The concept {pair.target!r} has two anchors, {first.anchor!r} and {pair.anchor!r}: keep one of them."
            )
    for pair in by_target.values():
        if folded(pair.anchor) in by_target:
            other = by_target[folded(pair.anchor)]
            raise UserError(
                f"The anchor {pair.anchor!r} of {pair.target!r} is itself erased (into {other.anchor!r}): "
                "choose an anchor that stays."
            )
    return tuple(by_target.values())
