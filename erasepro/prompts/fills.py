"""What goes into the slots of a template, for each vocabulary and kind of concepts."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from erasepro.concepts.miniature.captions import EXTRAS, SIZE_TAILS
from erasepro.concepts.miniature.names import BACKGROUNDS, NAMES, STYLES, SYNONYMS, article
from erasepro.concepts.pairs import ConceptSet, folded
from erasepro.errors import UserError
from erasepro.prompts.articles import with_article
from erasepro.prompts.templates.bank import fill, slots
from erasepro.prompts.templates.open import THINGS


def erased_slots(concepts: ConceptSet) -> tuple[str, ...]:
    """The slots that hold what is erased."""
    if concepts.kind == "style":
        return ("s",)
    return ("c", "n")


def allowed_slots(concepts: ConceptSet, grammar: str) -> tuple[str, ...]:
    """The slots that a user's template may have."""
    if grammar == "miniature":
        return ("c", "n", "a", "s", "b", "z", "e")
    return ("s", "x") if concepts.kind == "style" else ("c", "n")


def values(
    rng: random.Random, vocabulary: str, name: str, style: str, articles: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Slot values for one sentence about ``name`` in ``style``; whatever else a slot asks for is drawn from ``rng``.

    ``articles``: name → its article where the rules of `articles.with_article` are not to be followed (open vocabulary).
    """
    if vocabulary != "miniature":
        return {"n": name, "c": with_article(name, articles), "s": style, "x": rng.choice(THINGS)}

    sizes = [tail for tails in SIZE_TAILS.values() for tail in tails]
    return {
        **named(name),
        "s": style,
        "b": rng.choice(list(BACKGROUNDS)),
        "z": rng.choice(sizes),
        "e": rng.choice(EXTRAS),
    }


def named(name: str) -> dict[str, str]:
    """The slots that depend on the name: with its article, bare, and the article before an adjective ("" or "a ")."""
    whole = article(name) if name else ""
    return {"c": whole, "n": name, "a": "a " if whole != name else ""}


def anchor_values(
    concepts: ConceptSet, anchor: str, articles: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The slot values in which the anchor's sentence differs from the target's."""
    if concepts.kind == "style":
        return {"s": anchor}
    if concepts.vocabulary != "miniature":
        return {"n": anchor, "c": with_article(anchor, articles)}
    return named(anchor)


def all_styles(vocabulary: str) -> tuple[str, ...]:
    """The styles a caption may name: the miniature's; none are known for real models."""
    if vocabulary != "miniature":
        return ()

    return tuple(STYLES)


def all_names(vocabulary: str) -> tuple[str, ...]:
    """The concepts a caption may name: the miniature's; none are known for real models."""
    if vocabulary != "miniature":
        return ()

    return NAMES


def synonyms(concepts: ConceptSet, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """``(synonym, name)`` for those of ``names`` that have one: those that the set lists, else the miniature's."""
    if concepts.synonyms:
        return tuple((word, name) for name, words in concepts.synonyms if name in set(names) for word in words)
    if concepts.vocabulary != "miniature" or concepts.kind == "style":
        return ()

    return tuple((word, name) for word, name in SYNONYMS.items() if name in set(names))


def kept_names(concepts: ConceptSet, anchors_too: bool) -> tuple[str, ...]:
    """Names that must stay: ``preserve``, or all that the miniature draws but the targets where that is empty.

    In a style set of the miniature these are concepts where ``preserve`` is empty, since no concept is erased.
    """
    gone = {folded(name) for name in (*concepts.targets, *(() if anchors_too else concepts.anchors))}
    names = concepts.preserve or all_names(concepts.vocabulary)
    return tuple(name for name in names if folded(name) not in gone)


def retained_names(concepts: ConceptSet) -> tuple[str, ...]:
    """The bare names that an edit which knows no sentences has to retain: all that must stay, anchors included.

    In a style set of the miniature without ``preserve`` these are the other styles and all that can be drawn.
    """
    kept = kept_names(concepts, anchors_too=True)
    if concepts.kind != "style" or concepts.preserve:
        return kept
    return (*(style for style in all_styles(concepts.vocabulary) if style not in concepts.targets), *kept)


def draw(
    rng: random.Random, templates: Sequence[str], number: int, vocabulary: str, names: Sequence[str],
    styles: Sequence[str], seen: set[str], what: str,
) -> list[tuple[str, dict[str, str], str]]:  # fmt: skip
    """``number`` different sentences, templates in turn, names and styles in turn, as (template, values, sentence).

    Raises UserError where the templates cannot give that many sentences outside ``seen``.
    """
    found: list[tuple[str, dict[str, str], str]] = []
    turn = barren = 0
    while len(found) < number:
        template = templates[turn % len(templates)]
        name = names[turn % len(names)] if names else ""
        style = styles[turn % len(styles)] if styles else ""
        filled = values(rng, vocabulary, name, style)
        sentence = fill(template, filled)
        barren += 1
        if sentence not in seen:
            seen.add(sentence)
            found.append((template, filled, sentence))
            barren = 0
        turn += 1
        # the second limit is never the first to be met below 50; above, it spares millions of turns without a find
        if turn > 40 * (number + len(templates)) or barren > 40 * (50 + len(templates)):
            raise UserError(f"Only {len(found)} of {number} different prompts can be made of {what}: ask for fewer.")
    return found


def named_style(template: str, filled: dict[str, str]) -> str | None:
    """The style that a sentence names, or None."""
    return filled["s"] if "s" in slots(template) else None
