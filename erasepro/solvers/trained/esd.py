"""ESD (arXiv 2303.07345): the denoiser is trained to predict, for the concept, the opposite of its own guidance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from erasepro.solvers.configs.esd import ESDConfig, ESDuConfig
from erasepro.solvers.registry import SOLVERS
from erasepro.solvers.training.denoiser import Denoiser
from erasepro.solvers.training.loop import Loss
from erasepro.solvers.training.trained_solver import TrainedSolver

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts

APART = re.compile(r"\.attn2\.|^unet\.(conv_norm_out|conv_out|time_embedding)\.")
"""What esd_u leaves alone in the authors' code: cross-attention, the last layers and the embedding of the time."""


def negative_guidance(e_0: Tensor, e_c: Tensor, eta: float) -> Tensor:
    """e₀ − η(e_c − e₀): the guidance of the concept with its sign turned (ESD, equation 7)."""
    return e_0 - eta * (e_c - e_0)


class ESD(TrainedSolver[ESDConfig]):
    """‖ε_θ(z_t, c, t) − [e₀ − η(e_c − e₀)]‖², on latents that the net in training has drawn half-way itself."""

    uses_anchor = False

    def loss(self, denoiser: Denoiser, network: nn.Module, prompts: EditPrompts) -> Loss:
        config = self.config
        blank = denoiser.condition([""])
        targets = denoiser.condition([target for target, _ in self.sentences(prompts)])

        def loss_at(number: int, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
            c = targets.rows(torch.randint(len(targets), (config.batch_size,), generator=generator))
            step = int(torch.randint(len(denoiser.times), (), generator=generator))
            z = denoiser.start(config.batch_size, generator)
            z = denoiser.draw_to(network, z, c, blank, step, config.guidance)
            t = denoiser.level(step, generator)
            with torch.no_grad():
                e_0 = denoiser.noise(denoiser.frozen, z, t, blank)
                e_c = denoiser.noise(denoiser.frozen, z, t, c)
            e = denoiser.noise(network, z, t, c, config.precision)
            return (e - negative_guidance(e_0, e_c, config.erase_guidance)).square().mean(), {}

        return loss_at


@SOLVERS.register("esd_x", ESDConfig)
class ESDx(ESD):
    """Erased Stable Diffusion, cross-attention: trained against the concept's guidance (arXiv 2303.07345).

    min ‖ε_θ(z_t, c, t) − [e₀ − η(e_c − e₀)]‖², e₀ and e_c the original's predictions for the empty prompt and the concept,
    z_t drawn half-way by the net in training. Trained are all weights of cross-attention. The anchor is not used.
    """

    def is_trained(self, name: str) -> bool:
        return ".attn2." in name


@SOLVERS.register("esd_u", ESDuConfig)
class ESDu(ESD):
    """Erased Stable Diffusion, unconditional layers: trained against the concept's guidance (arXiv 2303.07345).

    The loss of esd_x; trained is all of the U-Net but its cross-attention, its last layers and its embedding of the time. The
    anchor is not used.
    """

    def is_trained(self, name: str) -> bool:
        return APART.search(name) is None
