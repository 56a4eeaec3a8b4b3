"""The bank of templates of a kind of concept."""

from __future__ import annotations

from erasepro.prompts.templates import miniature as templates_miniature
from erasepro.prompts.templates import open as templates_general
from erasepro.prompts.templates.bank import Bank


def bank_for(kind: str, vocabulary: str) -> Bank:
    """The bank for a kind of concepts (instance, style, nudity, faces) and a vocabulary (miniature, open)."""
    source = templates_miniature if vocabulary == "miniature" else templates_general
    return source.STYLE if kind == "style" else source.INSTANCE
