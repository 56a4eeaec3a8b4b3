"""The sentences the miniature was trained on, as a small grammar.

A caption names a concept, and may name a style, a background, a size, and a harmless second clause. The vocabulary here is
all the text the miniature understands: prompts for it should keep to these words in any order a person would use.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from erasepro.concepts.miniature.names import BACKGROUNDS, NAMES, STYLES, SYNONYMS, article

OPENINGS = (
    "{c}",
    "{c}",
    "a picture of {c}",
    "a drawing of {c}",
    "an image of {c}",
    "an illustration of {c}",
    "a neat picture of {c}",
    "this is {c}",
    "here we see {c}",
    "a sticker of {c}",
    "an icon of {c}",
    "a cartoon of {c}",
    "one can see {c}",
    "look at {c}",
    "a simple drawing of {c}",
    "a nice picture showing {c}",
    "an artwork with {c}",
    "there is {c}",
    "a clean image that shows {c}",
    "someone drew {c}",
    "a colorful icon showing {c}",
    "a photo of {c}",
    "a rendering of {c}",
    "we are looking at {c}",
    "my favorite sticker shows {c}",
    "a close view of {c}",
    "the artist painted {c}",
    "a detailed illustration showing {c}",
    "a depiction of {c}",
    "a sketch of {c}",
)
ADJECTIVES = ("", "", "", "", "", "cute ", "happy ", "lovely ", "funny ", "pretty ", "beautiful ", "famous ", "shiny ")
STYLE_TAILS = (
    "in {s} style",
    "{s} style",
    "in the style of {s}",
    "drawn in {s} style",
    "as {s} art",
    "done the {s} way",
    "by {s}",
    "with the look of {s}",
)
STYLE_HEADS = ("{s} style: ", "{s} art of ", "a {s} style drawing of ", "a {s} picture of ")
BACKGROUND_TAILS = (
    "on a {b} background",
    "with a {b} background",
    "against a {b} wall",
    "in front of a {b} wall",
    "on {b} paper",
    "over a plain {b} backdrop",
)
SIZE_TAILS = {
    "small": ("shown small", "small in the middle", "seen from afar"),
    "large": ("shown large", "filling the frame", "seen up close"),
}
EXTRAS = (
    "centered",
    "on a sunny day",
    "high quality",
    "with nothing else around",
    "ready to print",
    "made for a picture book",
    "as seen on a poster",
    "very detailed",
    "for a greeting card",
    "with soft light",
    "simple and clean",
    "at noon",
    "for a board game",
    "isolated",
    "best quality",
)


class Caption(NamedTuple):
    """A caption and what it states: None where it leaves the style, background or size open."""

    text: str
    style: str | None
    background: str | None
    size: str | None


def caption(
    rng: random.Random, name: str, style: str, background: str, size: str, detail: float = 0.5, styled: float = 0.55
) -> Caption:
    """One random caption true of a picture of `name` in `style` on `background`, drawn `size`."""
    words = rng.choice(ADJECTIVES)
    subject = article(words + name) if words else article(name)
    if rng.random() < 0.12:
        subject = ("the " if rng.random() < 0.7 else "") + words + name
    head = None
    tails: list[str] = []
    stated: dict[str, str] = {}
    if rng.random() < styled:
        stated["style"] = style
        if rng.random() < 0.25:
            head = rng.choice(STYLE_HEADS).format(s=style)
        else:
            tails.append(rng.choice(STYLE_TAILS).format(s=style))
    if rng.random() < detail:
        stated["background"] = background
        tails.append(rng.choice(BACKGROUND_TAILS).format(b=background))
    if size in SIZE_TAILS and rng.random() < detail * 0.6:
        stated["size"] = size
        tails.append(rng.choice(SIZE_TAILS[size]))
    if rng.random() < detail * 0.7:
        tails.append(rng.choice(EXTRAS))
    rng.shuffle(tails)
    text = head + subject if head else rng.choice(OPENINGS).format(c=subject)
    joiner = ", " if rng.random() < 0.7 else " "
    if tails:
        text += (joiner if rng.random() < 0.6 else " ") + joiner.join(tails)
    return Caption(text, stated.get("style"), stated.get("background"), stated.get("size"))


def all_words() -> list[str]:
    """Every word a caption may contain, sorted (for the tokenizer and for checking prompts against it)."""
    text: list[str] = [*OPENINGS, *ADJECTIVES, *STYLE_TAILS, *STYLE_HEADS, *BACKGROUND_TAILS, *EXTRAS]
    text += [t for tails in SIZE_TAILS.values() for t in tails]
    text += [*NAMES, *SYNONYMS, *STYLES, *BACKGROUNDS, "a", "an", "the"]
    words = {w for t in text for w in t.replace("{c}", " ").replace("{s}", " ").replace("{b}", " ").split()}
    return sorted(w.strip(",:") for w in words)
