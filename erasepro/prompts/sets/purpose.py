"""What a row of a prompt set is for in a run: its concept, role, and what the edited model should show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from erasepro.concepts.mentions import find_words
from erasepro.concepts.pairs import ConceptPair, ConceptSet, folded
from erasepro.concepts.safety.sensitive import SENSITIVE_KINDS
from erasepro.config.prompt_sets import PromptSetConfig
from erasepro.prompts.fills import all_names, all_styles, synonyms


@dataclass(frozen=True)
class Purpose:
    """``pair``: the pair of the run that a target row belongs to, where it is one of them."""

    concept: str
    role: str
    expected_concept: str
    pair: ConceptPair | None = None


def purpose(cfg: PromptSetConfig, named: str | None, concepts: ConceptSet, prompt: str = "") -> Purpose:
    """The purpose of a row whose concept column says ``named``, or whose prompt has to tell where no column does.

    A target row that names none of the run's targets expects the run's anchor where there is only one, else nothing.
    """
    name = named if named is not None else cfg.concept
    if cfg.role == "by_concept" and concepts.kind not in SENSITIVE_KINDS:  # nudity is drawn without being named
        if name is None:
            return _purpose_by_text(prompt, concepts)
        target = next((target for word, target in _synonyms(concepts) if folded(word) == folded(name)), None)
        if target is not None and _pair_of(name, concepts) is None:
            return _of_synonym(target, concepts)
    pair = _pair_of(name, concepts)
    anchors = {folded(anchor): anchor for anchor in concepts.anchors}
    own = name in (None, concepts.kind)  # "nudity" is what any set of that kind erases
    if cfg.role == "by_concept" and pair is None and not own:
        known = anchors.get(folded(name or ""), "")
        return Purpose(known or name or "", "anchor" if known else "retain", known or name or "")
    if cfg.role == "retain":
        return Purpose(name or "", "retain", name or "")
    if pair is not None:
        return Purpose(pair.target, "target", pair.anchor, pair)
    anchor = concepts.anchors[0] if own and len(concepts.anchors) == 1 else ""
    return Purpose(name or concepts.name, "target", anchor)


def _purpose_by_text(prompt: str, concepts: ConceptSet) -> Purpose:
    """What a prompt names: a target, a synonym of one, an anchor, another known concept, in this order, else nothing."""
    meanings = dict(_synonyms(concepts))
    styles = all_styles(concepts.vocabulary) if concepts.kind == "style" else ()
    known = [*concepts.targets, *meanings, *concepts.anchors, *concepts.preserve, *styles, *all_names(concepts.vocabulary)]
    name = next((name for name in known if _stands_alone(name, prompt, known)), None)
    pair = next((pair for pair in concepts.pairs if pair.target == name), None)
    if pair is not None:
        return Purpose(pair.target, "target", pair.anchor, pair)
    if name in meanings:
        return _of_synonym(meanings[name], concepts)
    return Purpose(name or "", "anchor" if name and name in concepts.anchors else "retain", name or "")


def _stands_alone(name: str, prompt: str, known: Sequence[str]) -> bool:
    """Whether a prompt has the name as whole words, not only as a part of a longer name that is known (bear, teddy bear)."""
    if not name or not find_words(prompt, name):
        return False
    for longer in known:
        if len(longer) > len(name) and find_words(longer, name):
            for start, end in reversed(find_words(prompt, longer)):
                prompt = f"{prompt[:start]},{prompt[end:]}"
    return bool(find_words(prompt, name))


def _synonyms(concepts: ConceptSet) -> tuple[tuple[str, str], ...]:
    return synonyms(concepts, concepts.targets)


def _of_synonym(target: str, concepts: ConceptSet) -> Purpose:
    pair = next(pair for pair in concepts.pairs if pair.target == target)
    return Purpose(target, "synonym", pair.anchor)


def _pair_of(name: str | None, concepts: ConceptSet) -> ConceptPair | None:
    if name is None:
        return concepts.pairs[0] if len(concepts.pairs) == 1 else None
    return next((pair for pair in concepts.pairs if folded(pair.target) == folded(name)), None)
