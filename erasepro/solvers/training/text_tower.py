"""A CLIP text encoder as trained methods see it: its token states, and a copy of it that is trained.

Shapes: token states (B, L, d), as the denoiser reads them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from erasepro.errors import UserError
from erasepro.models.architectures import TextEncoder, architecture_of
from erasepro.models.computing import unwrapped
from erasepro.models.features.text_encoder_layers import token_ids
from erasepro.models.features.text_stack import tokenizer_of
from erasepro.models.sites import TEXT_ENCODER
from erasepro.solvers.training.denoiser import parameters_of


class TextTower:
    """The text encoder of a pipeline, which stays as it is.

    Args:
        pipe: a loaded pipeline whose first text encoder is a CLIP.

    Raises:
        UserError: it is none, or a skeleton.
    """

    def __init__(self, pipe: Any) -> None:
        encoder = clip_tower(pipe)
        if hasattr(pipe, "pipeline_class"):
            raise UserError("A skeleton holds no weights to train: load the model (load_model) and give that.")
        self.pipe = pipe
        self.frozen: nn.Module = unwrapped(pipe.text_encoder)
        self.tokenizer = tokenizer_of(pipe, TEXT_ENCODER)
        self.penultimate = encoder.state == "penultimate"
        weight = next(self.frozen.parameters())
        self.device, self.dtype = weight.device, torch.promote_types(weight.dtype, torch.float32)

    def trainable_copy(self, is_trained: Callable[[str], bool]) -> tuple[nn.Module, dict[str, nn.Parameter]]:
        """A copy of the encoder, in float32 at least, and by their names in an edit its parameters that are trained."""
        network = nn.Module.to(copy.deepcopy(self.frozen), self.dtype).requires_grad_(False)
        chosen = {name: value for name, value in parameters_of(network, TEXT_ENCODER).items() if is_trained(name)}
        for value in chosen.values():
            value.requires_grad_(True)
        return network, chosen

    def states(self, network: nn.Module, prompts: Sequence[str], whole: bool = False) -> tuple[Tensor, Tensor]:
        """Token states (B, L, d) of some prompts, and which of them are of the text, from its first word to its end (B, L).

        L is that of the longest text, as an encoder that is causal computes no position from later ones; ``whole``: with all
        paddings, as the denoiser reads them.
        """
        ids = token_ids(self.tokenizer, list(prompts))
        ends = (ids[:, 1:] == self.tokenizer.eos_token_id).int().argmax(1) + 1
        ids = ids if whole else ids[:, : int(ends.max()) + 1]
        out = network(ids.to(self.device), output_hidden_states=self.penultimate)
        states = out.hidden_states[-2] if self.penultimate else out.last_hidden_state
        places = torch.arange(ids.shape[1])
        return states, ((places > 0) & (places <= ends[:, None])).to(self.device)


def clip_tower(pipe: Any) -> TextEncoder:
    """What is known of the first text encoder of a pipeline or a skeleton. UserError unless it can be trained."""
    encoder = architecture_of(pipe).encoder(TEXT_ENCODER)
    if encoder.family != "clip" or encoder.state == "pooled" or getattr(pipe, TEXT_ENCODER, None) is None:
        raise UserError("This solver trains a CLIP text encoder whose tokens the denoiser reads, and this model has none.")
    return encoder
