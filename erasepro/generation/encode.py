"""Text embeddings of prompts, each encoded once."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from erasepro.models.features.textual_inversion import inversions_of, write_out

logger = logging.getLogger(__name__)


class PromptEncoder:
    """Text embeddings of a list of prompts, each encoded once, in chunks cut from the list of different prompts.

    Chunks depend on the whole list only, so that a resumed run sees the same rounding. The last 16 chunks are kept
    (at 77 × 768 floats a prompt, all of COCO's would be 7 GB).
    """

    chunk, keep = 64, 16

    def __init__(self, pipe: Any, prompts: list[str], guided: bool) -> None:
        self._pipe, self._guided = pipe, guided
        self._prompts = list(dict.fromkeys(prompts))
        self._place = {prompt: divmod(i, self.chunk) for i, prompt in enumerate(self._prompts)}
        self._cache: OrderedDict[int, Tensor] = OrderedDict()
        self._blank = self._encode([""])[0] if guided else None  # (L, d)
        self._warn_of_long_prompts()

    def __call__(self, prompts: list[str], guided: bool = True) -> tuple[Tensor, Tensor | None]:
        """Embeddings (B, L, d) of the prompts and of the empty prompt (None without guidance)."""
        embeds = torch.stack([self._one(prompt) for prompt in prompts])
        return embeds, self._blank.expand_as(embeds) if guided and self._blank is not None else None

    def _one(self, prompt: str) -> Tensor:
        chunk, index = self._place[prompt]
        if chunk not in self._cache:
            start = chunk * self.chunk
            self._cache[chunk] = self._encode(self._prompts[start : start + self.chunk])
            if len(self._cache) > self.keep:
                self._cache.popitem(last=False)
        return self._cache[chunk][index]

    @torch.inference_mode()
    def _encode(self, prompts: list[str]) -> Tensor:
        device = self._pipe._execution_device
        with _quiet("diffusers", "transformers"):  # they print every long prompt; we say it once, below
            return self._pipe.encode_prompt(prompts, device, 1, do_classifier_free_guidance=False)[0]

    def _warn_of_long_prompts(self) -> None:
        tokenizer = self._pipe.tokenizer
        longest, inversions = tokenizer.model_max_length, inversions_of(tokenizer)
        texts = [write_out(tokenizer, inversions, prompt) for prompt in self._prompts]
        with _quiet("transformers"):
            long = sum(len(ids) > longest for ids in tokenizer(texts).input_ids)
        if long:
            message = "%d of %d prompts are longer than %d tokens; what comes after is ignored."
            logger.warning(message, long, len(self._prompts), longest)


@contextmanager
def _quiet(*libraries: str) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in libraries]
    levels = [log.level for log in loggers]
    for log in loggers:
        log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for log, level in zip(loggers, levels, strict=True):
            log.setLevel(level)
