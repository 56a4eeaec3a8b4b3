"""Which jobs and pictures are sensitive: their images are blurred, and neither images nor prompts leave the machine unasked."""

from __future__ import annotations

import re
from collections.abc import Iterable

SENSITIVE_KINDS = ("nudity",)
"""Kinds of concept sets whose images are sensitive."""

_WORDS = re.compile(
    r"""\b(?: nud(?:e|es|ity|ist|ists|ism)\w* | naked\w* | nsfw | topless | bottomless | undress(?:ed|ing)? | unclothed | unclad
    | bare\s?(?:breast|chest)\w* | strip\s?(?:per|tease)\w* | porn\w* | hentai | erotic\w* | sex | sexual\w* | sexy
    | lewd | fetish\w* | orgasm\w* | orgy | bdsm | genital\w* | penis\w* | vagina\w* | vulva\w* | nipples?
    | boobs? | tits | buttocks? | anus | masturbat\w* | intercourse | playboy | onlyfans )\b""",
    re.VERBOSE,
)


def mentions_nudity(texts: Iterable[str]) -> bool:
    """Whether one of the texts names nudity or sex.

    Strict on purpose: a picture blurred for nothing costs little. Prompts that are meant to hide it say nothing: their sets
    are marked ``sensitive``.
    """
    return any(_WORDS.search(re.sub(r"[\s_\-]+", " ", text.casefold())) for text in texts)
