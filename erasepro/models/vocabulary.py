"""The words that a model knows: what its tokenizer holds whole, and which are near to a name for its text encoder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from erasepro.models.architectures import architecture_of
from erasepro.models.checkpoint import Checkpoint
from erasepro.models.features.text_encoder_layers import token_ids
from erasepro.models.features.text_stack import EncoderTokenizer, TextStack, eot_positions, tokenizer_of
from erasepro.models.lazy import source
from erasepro.models.skeleton import Skeleton
from erasepro.prompts.lexicon import Lexicon

CANDIDATES = 5000
"""Most frequent words that are looked at for neighbours."""
SHORTLIST = 128
"""Words a name, nearest by the embeddings that enter the encoder, that are read through it."""
LETTERS = 3
"""Letters that a word must have: shorter ones are mostly pieces of words."""
MOST = 256
"""Answers about neighbours that are kept."""
_KNOWN: dict[tuple[Any, ...], dict[str, tuple[str, ...]]] = {}
"""Neighbours read before from weights on disk, by the state of the files: runs in one process ask for the same ones."""


def read_lexicon(pipe: Any) -> Lexicon:
    """The words of a pipeline's (or a skeleton's) first CLIP encoder, or of its first encoder where it has no CLIP.

    Words are whole tokens of letters: those that end in CLIP's ``</w>``, or begin with sentencepiece's ``▁``. Both kinds of
    tokenizer number them by frequency. Only CLIP's words have neighbours: another encoder would be run whole for them.
    """
    encoders = [e for e in architecture_of(pipe).encoders if getattr(pipe, e.component, None) is not None]
    encoder = next((e for e in encoders if e.family == "clip"), encoders[0])
    tokenizer = tokenizer_of(pipe, encoder.component)
    words = whole_words(tokenizer)

    @cache
    def count_tokens(text: str) -> int:
        return len(tokenizer(text, truncation=False, padding=False, verbose=False)["input_ids"])

    def nearest(names: Sequence[str], number: int) -> dict[str, tuple[str, ...]]:
        if encoder.family != "clip":
            return {}
        state = _files_state(pipe, encoder.component, tokenizer)
        if state is None:
            return nearest_words(pipe, encoder.component, words[:CANDIDATES], names, number)
        key = (*state, tuple(names), number)
        if key not in _KNOWN:
            if len(_KNOWN) >= MOST:
                _KNOWN.clear()
            _KNOWN[key] = nearest_words(pipe, encoder.component, words[:CANDIDATES], names, number)
        return dict(_KNOWN[key])

    return Lexicon(words, nearest, count_tokens, int(tokenizer.model_max_length))


def whole_words(tokenizer: EncoderTokenizer) -> tuple[str, ...]:
    """Words of letters that are one token each, in small letters, each once, in the order of their numbers."""
    vocabulary = tokenizer.get_vocab()
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    found = [token[: -len("</w>")] for token in tokens if token.endswith("</w>")]
    found = found or [token[1:] for token in tokens if token.startswith("▁")]
    good = (word.lower() for word in found if len(word) >= LETTERS and word.isascii() and word.isalpha())
    return tuple(dict.fromkeys(good))


@torch.no_grad()
def nearest_words(
    pipe: Any, component: str, words: Sequence[str], names: Sequence[str], number: int
) -> dict[str, tuple[str, ...]]:
    """For each name so many of the words, by the cosine of a CLIP encoder's states at the end of text, nearest first.

    The states are centred first: all ends of text point nearly the same way. Only the `SHORTLIST` words nearest by the
    embeddings that enter the encoder are read through it.
    """
    if not words or not names:
        return dict.fromkeys(names, ())
    stack = TextStack(pipe, torch.float32)
    tokenizer = tokenizer_of(pipe, component)
    enter = stack.layers(component).embeddings.token_embedding
    word_vectors, name_vectors = (_mean_embedding(tokenizer, enter, texts) for texts in (words, names))
    close = (name_vectors @ word_vectors.T).topk(min(SHORTLIST, len(words)), dim=1).indices  # (names, shortlist)
    chosen = sorted(set(close.flatten().tolist()))
    texts = [*names, *(words[i] for i in chosen)]
    states = stack.tokens(component, texts, eot_positions(tokenizer, token_ids(tokenizer, texts))).T.float().cpu()  # (B, d)
    states = torch.nn.functional.normalize(states - states.mean(dim=0), dim=1)
    cosines = states[: len(names)] @ states[len(names) :].T  # (names, chosen)
    place = {index: column for column, index in enumerate(chosen)}
    found = {}
    for row, name in enumerate(names):
        own = [i for i in close[row].tolist() if words[i] != name.lower()]
        own.sort(key=lambda i: (-float(cosines[row, place[i]]), i))
        found[name] = tuple(words[i] for i in own[:number])
    return found


def _files_state(pipe: Any, component: str, tokenizer: EncoderTokenizer) -> tuple[Any, ...] | None:
    """The files of an encoder and its tokenizer by name, size and time, the dtype they are read in, and the tokens added since.

    None where the weights are in memory, or in a file with a layout of its own.
    """
    weights = source(getattr(pipe, component)) if isinstance(pipe, Skeleton) else None
    if type(weights) is not Checkpoint:
        return None
    folders = (pipe.folder / component, pipe.folder / tokenizer.encoder.tokenizer)
    files = sorted({*weights.files, *(file for folder in folders for file in folder.iterdir())})
    states = ((file, file.stat()) for file in files)
    facts = tuple((str(file.absolute()), s.st_size, s.st_mtime_ns, s.st_ino) for file, s in states)
    return component, str(weights.dtype()), facts, tuple(sorted(tokenizer.get_added_vocab().items()))


def _device(module: Any) -> torch.device:
    return next((p.device for p in module.parameters()), torch.device("cpu"))


def _mean_embedding(tokenizer: EncoderTokenizer, enter: Any, texts: Sequence[str]) -> Tensor:
    """(B, d), of length 1: the mean of the embeddings of a text's own tokens."""
    ids = [tokenizer(text, truncation=True, padding=False, add_special_tokens=False)["input_ids"] for text in texts]
    flat = torch.tensor([i for row in ids for i in row])
    vectors = enter(flat.to(_device(enter))).float().cpu()  # (Σ tokens, d)
    rows = torch.repeat_interleave(torch.tensor([len(row) for row in ids]))
    means = torch.zeros(len(ids), vectors.shape[1]).index_add_(0, rows, vectors)
    means /= torch.tensor([max(len(row), 1) for row in ids])[:, None]
    return torch.nn.functional.normalize(means - means.mean(dim=0), dim=1)
