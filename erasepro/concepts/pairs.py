"""What is erased: pairs of a target and the anchor that takes its place, and what must stay."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from erasepro.concepts.safety.minors import mentions_minor
from erasepro.errors import UserError, unknown
from erasepro.runtime.foreign_text import BREAKS, check_name

CONCEPT_KINDS = ("instance", "style", "nudity", "faces")
VOCABULARIES = ("open", "miniature")


def folded(name: str) -> str:
    """The form in which two names are compared: no case, single spaces, no full-width or invisible characters."""
    visible = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return " ".join(visible.split()).casefold()


@dataclass(frozen=True)
class ConceptPair:
    """``target`` is erased, ``anchor`` is drawn in its place. An empty anchor stands for the empty prompt.

    Raises UserError where the target is empty or equal to its anchor, or a name holds a control character.
    """

    target: str
    anchor: str

    def __post_init__(self) -> None:
        for key, word in (("target", self.target), ("anchor", self.anchor)):
            if not isinstance(word, str):
                raise UserError(f"A concept's {key} is text; got {word!r}. Write the name in quotes.")
            check_name(word, f"A concept's {key}", allowed=BREAKS)
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

    A pair that mentions a minor is left out.

    Raises UserError for no pairs (or none but those left out), a target with two anchors, an anchor that is also erased, a
    target that is also preserved, or an unknown kind. A pair given twice counts once.
    """

    name: str
    kind: str
    pairs: tuple[ConceptPair, ...]
    preserve: tuple[str, ...] = ()
    notes: str = ""
    vocabulary: str = "open"
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    left_out: int = field(default=0, compare=False)
    """Pairs of the list that were left out because they mention a minor."""

    def __post_init__(self) -> None:
        if self.kind not in CONCEPT_KINDS:
            raise unknown("kind of concepts", self.kind, CONCEPT_KINDS)
        if self.vocabulary not in VOCABULARIES:
            raise unknown("vocabulary", self.vocabulary, VOCABULARIES)
        if not self.pairs:
            raise UserError(
                f"The concept set {self.name!r} has no pairs: give 'concepts.pairs=[[dog,cat]]' or concepts.file=x.csv."
            )
        check_name(self.name, "concepts.name")
        for name in self.preserve:
            check_name(name, "concepts.preserve", allowed=BREAKS)
        self._leave_out_minors()
        object.__setattr__(self, "pairs", consistent(self.pairs))
        object.__setattr__(self, "preserve", tuple(dict.fromkeys(" ".join(name.split()) for name in self.preserve)))
        erased = {folded(pair.target) for pair in self.pairs}
        object.__setattr__(self, "synonyms", self._checked_synonyms())
        for name in self.preserve:
            if folded(name) in erased:
                raise UserError(f"The concept {name!r} is both erased and in concepts.preserve: remove it from one.")

    @property
    def left_out_line(self) -> str:
        """The line that says how many pairs were left out, or ""."""
        if not self.left_out:
            return ""
        pairs = "1 pair" if len(self.pairs) == 1 else f"{len(self.pairs):,} pairs"
        return f"Concepts: {pairs}; {self.left_out:,} left out for mentioning a minor"

    def _leave_out_minors(self) -> None:
        """Take out the pairs that mention a minor, and their synonyms. Raises UserError where no pair stays."""
        bad = [pair for pair in self.pairs if mentions_minor(pair.target) or mentions_minor(pair.anchor)]
        if not bad:
            return
        if len(bad) == len(self.pairs):
            which = (
                f"The pair [{bad[0].target},{bad[0].anchor}]" if len(bad) == 1 else f"Each of the {len(bad):,} pairs"
            )
            raise UserError(f"{which} of concepts.pairs mentions a minor and is never used: name other concepts.")
        names = {folded(pair.target) for pair in bad}
        object.__setattr__(self, "pairs", tuple(pair for pair in self.pairs if pair not in bad))
        object.__setattr__(self, "synonyms", tuple(entry for entry in self.synonyms if folded(entry[0]) not in names))
        object.__setattr__(self, "left_out", self.left_out + len(bad))

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
                check_name(word, f"concepts.synonyms.{name}")
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
