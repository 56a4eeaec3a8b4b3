"""What a row of a prompt set is for in a run: its concept, role, and what the edited model should show."""

from __future__ import annotations

from dataclasses import dataclass

from erasepro.concepts.pairs import ConceptPair, ConceptSet, folded
from erasepro.config.prompt_sets import PromptSetConfig


@dataclass(frozen=True)
class Purpose:
    """``pair``: the pair of the run that a target row belongs to, where it is one of them."""

    concept: str
    role: str
    expected_concept: str
    pair: ConceptPair | None = None


def purpose(cfg: PromptSetConfig, named: str | None, concepts: ConceptSet) -> Purpose:
    """The purpose of a row whose concept column says ``named``.

    A target row that names none of the run's targets expects the run's anchor where there is only one, else nothing.
    """
    name = named if named is not None else cfg.concept
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


def _pair_of(name: str | None, concepts: ConceptSet) -> ConceptPair | None:
    if name is None:
        return concepts.pairs[0] if len(concepts.pairs) == 1 else None
    return next((pair for pair in concepts.pairs if folded(pair.target) == folded(name)), None)
