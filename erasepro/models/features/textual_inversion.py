"""Textual inversions of several vectors: one name in a sentence, and as many tokens as it has vectors in the encoder.

`pipe.load_textual_inversion` adds the tokens ``<x>``, ``<x>_1``, ``<x>_2`` … to a tokenizer. The pipelines that can load one
write the name out as all of them before a sentence is tokenised; the others read the first vector alone.
"""

from __future__ import annotations

from typing import Any

from erasepro.errors import UserError
from erasepro.models.architectures import architecture_of


def is_written_out(pipe: Any) -> bool:
    """Whether a pipeline writes the vectors of a textual inversion out; a skeleton, as the class that draws its folder."""
    import diffusers
    from diffusers.loaders import TextualInversionLoaderMixin

    if isinstance(pipe, diffusers.DiffusionPipeline):
        return isinstance(pipe, TextualInversionLoaderMixin)
    return issubclass(getattr(diffusers, architecture_of(pipe).pipelines[0]), TextualInversionLoaderMixin)


def inversions_of(tokenizer: Any) -> dict[str, str]:
    """What stands for each name of several vectors: ``{"<x>": "<x> <x>_1 <x>_2"}``. A name of one vector is left out."""
    added = set(tokenizer.added_tokens_encoder)
    written = {}
    for name in sorted(added):
        tokens = [name]
        while f"{name}_{len(tokens)}" in added:
            tokens.append(f"{name}_{len(tokens)}")
        if len(tokens) > 1:
            written[name] = " ".join(tokens)
    return written


def write_out(tokenizer: Any, inversions: dict[str, str], text: str) -> str:
    """The text as a pipeline hands it to its tokenizer: every name of several vectors written out.

    Source: `TextualInversionLoaderMixin.maybe_convert_prompt` of diffusers, which exchanges a name wherever it stands once
    the tokenizer reads it as a token anywhere, one name after the other in no fixed order.

    Args:
        inversions: of `inversions_of`.

    Raises:
        UserError: names of which one is part of the other, so that the order decides what is read.
    """
    names = [name for name in inversions if name in text]
    if not names:
        return text
    tokens = set(tokenizer.tokenize(text, verbose=False))
    names = [name for name in names if name in tokens]
    written, reverse = text, text
    for name, last in zip(names, reversed(names), strict=True):
        written, reverse = written.replace(name, inversions[name]), reverse.replace(last, inversions[last])
    if written != reverse:
        raise UserError(
            f"{text!r} names textual inversions of which one is part of another ({', '.join(names)}): diffusers would read it "
            "in one way or another by chance. Load one of them under another token."
        )
    return written
