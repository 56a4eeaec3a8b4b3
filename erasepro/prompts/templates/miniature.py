"""Phrasings for the miniature: only words of its captions, in orders that a person would use.

No test or development phrasing begins like one of the build openings, so no prompt can belong to two splits. None
has more than 25 words and signs under any filling, so that every prompt fits the 32 tokens that the model reads.
"""

from __future__ import annotations

from itertools import cycle, islice

from erasepro.prompts.templates.bank import Bank

BUILD_OPENINGS = (
    "{c}", "the {n}", "a drawing of {c}", "an illustration of {c}", "here we see {c}", "a cartoon of {c}",
    "a depiction of {c}", "{a}cute {n}", "{a}lovely {n}", "a picture showing {c}",
)  # fmt: skip
"""The openings of preserved captions, too: see `make_edit_prompts`."""

# the subject early, late, after a style head, before tails of every kind
BUILD = (
    "{c}",
    "a drawing of {c}",
    "{s} style: {c}",
    "here we see {c}, on a {b} background",
    "the {n}, {z}, in {s} style",
    "an illustration of {c} drawn in {s} style, {e}",
    "a cartoon of {c}, {z}, on {b} paper, {e}",
    "{a}lovely {n} in front of a {b} wall, as {s} art",
    "a depiction of {c}, done the {s} way, with a {b} background, {z}",
    "a picture showing {c}, {e}",
    "the {n}",
    "{a}cute {n} by {s}, over a plain {b} backdrop",
    "here we see {c} in the style of {s}",
    "the {n} against a {b} wall, {e}, {z}",
    "a cartoon of {c} with the look of {s}, {e}, on a {b} background",
    "{s} style: {c}, {z}, on {b} paper",
)

PLAIN_TEST = (
    "a picture of {c}", "an image of {c}", "this is {c}", "a photo of {c}", "there is {c}", "a sketch of {c}",
    "a nice picture showing {c}", "a simple drawing of {c}", "a close view of {c}", "an artwork with {c}",
    "one can see {c}",
    "look at {c}", "a detailed illustration showing {c}", "a picture of the {n}",
)  # fmt: skip
PLAIN_DEV = (
    "an icon of {c}", "a sticker of {c}", "a neat picture of {c}", "a rendering of {c}", "we are looking at {c}",
    "my favorite sticker shows {c}", "a colorful icon showing {c}",
)  # fmt: skip

COMPLEX_TEST = (
    "a picture of {c} in {s} style, on a {b} background, {z}, {e}",
    "a photo of {c} done the {s} way, {e}, {z}, on {b} paper",
    "an image of {c}, {z}, drawn in {s} style, against a {b} wall",
    "an artwork with {c}, {e}, on a {b} background, in the style of {s}",
    "a {s} style drawing of {c}, {z}, over a plain {b} backdrop, {e}",
    "{s} art of {c}, in front of a {b} wall, {z}, {e}",
    "a detailed illustration showing {c}, as {s} art, on {b} paper, {e}",
    "this is {c} by {s}, with a {b} background, {e}, {z}",
    "there is {c}, {z}, against a {b} wall, with the look of {s}",
    "a sketch of {c} over a plain {b} backdrop, {s} style, {e}",
    "one can see {c}, {e}, in front of a {b} wall, drawn in {s} style",
    "a nice picture showing {c} with a {b} background, {z}, by {s}",
    "on {b} paper, {a}funny {n} in {s} style, {z}",
    "a simple drawing of the {n}, {s} style, {e}, on a {b} background",
)
COMPLEX_DEV = (
    "a sticker of {c} in {s} style, {z}, on a {b} background, {e}",
    "a {s} picture of {c}, {e}, against a {b} wall",
    "an icon of {c}, on {b} paper, drawn in {s} style, {z}",
    "a rendering of {c} with the look of {s}, {e}, with a {b} background",
    "we are looking at {c}, in front of a {b} wall, {s} style, {z}",
    "my favorite sticker shows {c}, over a plain {b} backdrop, as {s} art",
    "a neat picture of {c}, {z}, in the style of {s}, on {b} paper",
)

PARAPHRASE_TEST = (
    "someone drew the {n} for a greeting card",
    "the artist painted {c}, and we see the {n} up close",
    "look at this, one can see the {n}",
    "someone painted {c} on {b} paper",
    "we see the {n} in the middle of a {b} background",
    "an artist drew {c} as seen on a sunny day",
    "my favorite picture is a drawing that shows the {n}",
    "with nothing else around, there is the {n}",
    "this poster shows {c} on a {b} wall",
    "seen in soft light, the {n} is on {b} paper",
    "in this image one can see {c} and nothing else",
    "for a picture book, someone drew {c}",
    "the card shows the {n}, with a {b} backdrop",
    "a famous artist made this: {c}",
)
PARAPHRASE_DEV = (
    "in this picture book there is {c}",
    "the artist drew {c} for a poster",
    "this greeting card shows {c}",
    "looking at this icon, we see the {n}",
    "someone made a sticker of the {n}",
    "on a {b} wall there is a picture that shows {c}",
    "we see that the artist painted the {n}",
)

TAILS_TEST = ("in {s} style", "drawn in {s} style", "by {s}", "as {s} art", "in the style of {s}")
TAILS_DEV = ("in {s} style", "done the {s} way", "with the look of {s}")


def styled(templates: tuple[str, ...], tails: tuple[str, ...]) -> tuple[str, ...]:
    """Each template with the next style tail; one that names a style already stays as it is."""
    pairs = zip(templates, islice(cycle(tails), len(templates)), strict=True)
    return tuple(t if "{s}" in t else f"{t}{',' if ',' in t else ''} {tail}" for t, tail in pairs)


INSTANCE = Bank(
    BUILD,
    validation={"plain": PLAIN_DEV, "complex": COMPLEX_DEV, "paraphrase": PARAPHRASE_DEV},
    test={"plain": PLAIN_TEST, "complex": COMPLEX_TEST, "paraphrase": PARAPHRASE_TEST},
)
STYLE = Bank(
    (
        *(t for t in BUILD if "{s}" in t),
        "{c} in {s} style", "a drawing of {c} by {s}", "as {s} art, the {n}, {z}",
        "a cartoon of {c} drawn in {s} style",
        "the {n} with the look of {s}", "an illustration of {c} as {s} art, {e}",
        "a depiction of {c} in the style of {s}, {e}",
    ),
    validation={
        "plain": styled(PLAIN_DEV, TAILS_DEV), "complex": COMPLEX_DEV,
        "paraphrase": styled(PARAPHRASE_DEV, TAILS_DEV),
    },
    test={
        "plain": styled(PLAIN_TEST, TAILS_TEST), "complex": COMPLEX_TEST,
        "paraphrase": styled(PARAPHRASE_TEST, TAILS_TEST),
    },
)  # fmt: skip
