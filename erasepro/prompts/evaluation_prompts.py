"""The prompts a result is measured on, in two disjoint splits: "test" (reported) and "validation" (to choose defaults).

Neither split shares a phrasing with the prompts that an edit is built from (`make_edit_prompts`).
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from erasepro.concepts.miniature.names import GROUPS
from erasepro.concepts.pairs import ConceptSet, folded
from erasepro.concepts.safety.minors import mentions_minor
from erasepro.prompts.common_names import CONCEPTS, MEASURED_STYLES
from erasepro.prompts.fills import all_names, all_styles, anchor_values, draw, kept_names, named_style, synonyms
from erasepro.prompts.left_out import erased_words, is_left_out
from erasepro.prompts.templates.bank import PHRASINGS, fill, slots
from erasepro.prompts.templates.choose import bank_for

ROLES = ("target", "anchor", "retain", "synonym")
DRAWN_AS = {"validation": "dev", "retain": "kept"}
"""Words that seed the draws: the first names of split and role, so that the prompts of earlier tables stay the same."""

DEFAULT_COUNTS = {"target": 12, "anchor": 4, "synonym": 4}  # prompts a name and phrasing
MANY_RETAINED = 20  # from here on one prompt a retained name and phrasing is enough


@dataclass(frozen=True)
class EvaluationPrompt:
    """One prompt to draw.

    id: unique, fit for a file name.
    concept: what the prompt asks for, by its own name where the prompt uses a synonym. In a style set: the style named,
        or the thing drawn where no style is named.
    role: target | anchor | retain | synonym. phrasing: plain | complex | paraphrase.
    expected_concept: what the edited model should draw: the anchor for targets and synonyms ("" if empty), else concept.
    style: the style that the prompt names, or None. subject: the thing drawn.
    anchor_prompt: of target prompts, the same sentence about the anchor ("" if empty).
    seed, guidance, steps, width, height: the prompt's own, as published sets give them; None: the run's.
    In prompts of a published set or a file the phrasing is the set's name.
    """

    __test__: ClassVar[bool] = False  # not a test case, whatever its name

    id: str
    prompt: str
    concept: str
    role: str
    phrasing: str
    expected_concept: str
    style: str | None = None
    subject: str = ""
    anchor_prompt: str = ""
    seed: int | None = None
    guidance: float | None = None
    steps: int | None = None
    width: int | None = None
    height: int | None = None


class EvaluationPrompts(list[EvaluationPrompt]):
    """A list of EvaluationPrompt; ``dropped`` counts those left out because they mention a minor."""

    dropped: int = 0


@dataclass(frozen=True)
class _Item:
    """One word to make prompts for, and how to label them."""

    role: str
    word: str
    concept: str
    expected_concept: str


def make_evaluation_prompts(
    concepts: ConceptSet,
    split: str = "test",
    *,
    counts: dict[str, int] | None = None,
    per_concept: int | None = None,
    least_targets: int | None = None,
    max_retain: int | None = None,
    retain: tuple[str, ...] | list[str] | None = None,
    neighbors: Sequence[str] = (),
    seed: int = 0,
    phrasings: tuple[str, ...] = PHRASINGS,
) -> EvaluationPrompts:
    """Prompts for the targets, anchors, retained names and the targets' synonyms, the same number in each phrasing.

    Args:
        split: test | validation.
        counts: prompts a name and phrasing, by role (default: 12 target, 4 anchor, 4 synonym, 1 retain; 4 where fewer than
            20 names are retained; never more than the split has phrasings).
        per_concept: at most so many prompts a name and phrasing.
        least_targets: prompts of all targets together in each phrasing, at least: ``per_concept`` is raised for them where they
            are few.
        max_retain: so many retained names, drawn evenly from the miniature's groups.
        retain: the retained names, in place of the set's own: ``concepts.preserve``; where that is empty all that the
            miniature draws, of real models common concepts (styles).
        neighbors: further retained names, near to the targets.
        phrasings: plain, complex, paraphrase, or some of them.

    The same arguments give the same prompts; in an instance set a name's prompts do not hang on the other names.
    Raises UserError for an unknown split and for a count that the phrasings cannot give.
    """
    bank = bank_for(concepts.kind, concepts.vocabulary).of(split)
    own = tuple(retain) if retain is not None else kept_names(concepts, anchors_too=False) or _common_names(concepts)
    names = _some(tuple(dict.fromkeys((*own, *neighbors))), max_retain, seed)
    limits = dict.fromkeys(ROLES, per_concept) if per_concept is not None else {}
    if least_targets is not None and limits:
        limits["target"] = max(limits["target"], -(-least_targets // max(len(set(concepts.targets)), 1)))
    found = EvaluationPrompts()
    seen: set[str] = set()
    for turn, item in enumerate(_items(concepts, names)):
        for phrasing in phrasings:
            number = _number(item.role, counts or {}, len(bank[phrasing]), len(names))
            number = min(number, limits.get(item.role, number))
            drawn = DRAWN_AS.get(split, split), DRAWN_AS.get(item.role, item.role)
            rng = random.Random("/".join([str(seed), *drawn, item.word, phrasing]))
            for prompt in _of_item(
                concepts, item, phrasing, number, split, rng, seen, turn + PHRASINGS.index(phrasing)
            ):
                if mentions_minor(prompt.prompt):
                    found.dropped += 1
                else:
                    found.append(prompt)
    return found


def _common_names(concepts: ConceptSet) -> tuple[str, ...]:
    """Common concepts (styles) of real models that neither name a target nor are an anchor."""
    if concepts.vocabulary != "open":
        return ()
    erased = erased_words(concepts, dict(concepts.synonyms))
    anchors = {folded(name) for name in concepts.anchors}
    names = MEASURED_STYLES if concepts.kind == "style" else CONCEPTS
    return tuple(name for name in names if not is_left_out(name, erased, concepts.kind) and name not in anchors)


def _items(concepts: ConceptSet, names: tuple[str, ...]) -> list[_Item]:
    anchor_of = {pair.target: pair.anchor for pair in concepts.pairs}
    items = [_Item("target", target, target, anchor) for target, anchor in anchor_of.items()]
    items += [_Item("anchor", anchor, anchor, anchor) for anchor in concepts.anchors if anchor]
    items += [_Item("synonym", word, name, anchor_of[name]) for word, name in synonyms(concepts, concepts.targets)]
    return items + [_Item("retain", name, name, name) for name in names]


def _of_item(
    concepts: ConceptSet,
    item: _Item,
    phrasing: str,
    number: int,
    split: str,
    rng: random.Random,
    seen: set[str],
    turn: int,
) -> list[EvaluationPrompt]:
    templates = list(bank_for(concepts.kind, concepts.vocabulary).of(split)[phrasing])
    names, styles = [item.word], list(all_styles(concepts.vocabulary))
    if concepts.kind == "style":
        if item.role == "retain" and item.word in all_names(concepts.vocabulary):
            styles, templates = _other_style(concepts, phrasing, split, templates, turn)
        else:
            names, styles = list(all_names(concepts.vocabulary)), [item.word]
    for order in (templates, names, styles):
        rng.shuffle(order)
    what = f"{len(templates)} {phrasing} templates of the {split} split (for {item.word!r})"
    found = []
    for index, (template, filled, sentence) in enumerate(
        draw(rng, templates, number, concepts.vocabulary, names, styles, seen, what)
    ):
        style = named_style(template, filled)
        concept, expected_concept = item.concept, item.expected_concept
        if concepts.kind == "style" and item.role == "retain" and style is not None:
            concept = expected_concept = style
        name = f"{item.role}-{slug(item.word)}-{phrasing}-{index:02d}"
        subject = item.concept if concepts.kind != "style" else _subject(template, filled)
        anchored = (
            fill(template, filled | anchor_values(concepts, expected_concept))
            if item.role == "target" and expected_concept
            else ""
        )
        found.append(
            EvaluationPrompt(name, sentence, concept, item.role, phrasing, expected_concept, style, subject, anchored)
        )
    return found


def _other_style(
    concepts: ConceptSet, phrasing: str, split: str, templates: list[str], turn: int
) -> tuple[list[str], list[str]]:
    """For a retained concept of a style set: one of the styles that stay, or none, in turn (complex prompts name one)."""
    busy = {*concepts.targets, *concepts.anchors}
    others: list[str | None] = [s for s in all_styles(concepts.vocabulary) if s not in busy]
    if phrasing != "complex" or not others:
        others.append(None)
    style = others[turn % len(others)]
    if style is not None:
        return [style], templates
    bank = bank_for("instance", concepts.vocabulary).of(split)
    bare = [template for template in bank[phrasing] if "s" not in slots(template)]
    return [], bare or list(bank["plain"])


def _subject(template: str, filled: dict[str, str]) -> str:
    if slots(template) & {"c", "n"}:
        return filled["n"]
    return filled["x"] if "x" in slots(template) else ""


def _number(role: str, counts: dict[str, int], available: int, n_retained: int) -> int:
    """Prompts a name and phrasing: as asked for, or the default where the bank is large enough for it."""
    if role in counts:
        return counts[role]
    return min(available, DEFAULT_COUNTS.get(role, 1 if n_retained >= MANY_RETAINED else 4))


def _some(names: tuple[str, ...], limit: int | None, seed: int) -> tuple[str, ...]:
    """At most ``limit`` of the names: from each of the miniature's groups in turn, in a drawn order."""
    if limit is None or limit >= len(names):
        return names

    rng = random.Random(f"{seed}/kept")
    group_of = {name: group for group, members in GROUPS.items() for name in members}
    drawn = rng.sample(names, len(names))
    place: dict[str, int] = {}
    rank = {}
    for name in drawn:
        group = group_of.get(name, "")
        rank[name] = place[group] = place.get(group, -1) + 1
    chosen = set(sorted(drawn, key=lambda name: rank[name])[: max(limit, 0)])
    return tuple(name for name in names if name in chosen)


def slug(name: str) -> str:
    """A name as part of a file name; names that lose more than case and spaces get a few letters of their hash."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:60]
    if plain == name.replace(" ", "_"):
        return plain
    return f"{plain or 'x'}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"
