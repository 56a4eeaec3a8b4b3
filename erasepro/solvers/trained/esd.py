"""ESD (arXiv 2303.07345): the denoiser is trained to predict, for the concept, the opposite of its own guidance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from erasepro.solvers.configs.esd import ESDConfig, ESDuConfig
from erasepro.solvers.registry import SOLVERS
from erasepro.solvers.training.denoiser import Condition, Denoiser, parameters_of
from erasepro.solvers.training.loop import Loss
from erasepro.solvers.training.pgd import descend
from erasepro.solvers.training.trained_solver import TrainedSolver, drawing_passes

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

    def passes(self, prompts: EditPrompts) -> int:
        config = self.config
        inner = 3 * config.inner_steps + 1 if config.inner == "pgd" else 0
        return config.steps * config.batch_size * (drawing_passes(config) + 2 + inner + 3)

    def loss(self, denoiser: Denoiser, network: nn.Module, prompts: EditPrompts) -> Loss:
        config = self.config
        texts = [target for target, _ in self.sentences(prompts)]
        blank, targets = denoiser.condition([""]), denoiser.condition(texts)
        own_blank, own_targets = denoiser.condition([""], started=True), denoiser.condition(texts, started=True)
        start = self._start_weights(denoiser, network) if config.l1 else []

        def loss_at(number: int, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
            places = torch.randint(len(targets), (config.batch_size,), generator=generator)
            c, own = targets.rows(places), own_targets.rows(places)
            step = int(torch.randint(len(denoiser.times), (), generator=generator))
            noise = denoiser.start(config.batch_size, generator)
            z = denoiser.draw_to(network, noise, own, own_blank, step, config.guidance)
            t = denoiser.level(step, generator)
            with torch.no_grad():
                e_0 = denoiser.noise(denoiser.frozen, z, t, blank)
                e_c = denoiser.noise(denoiser.frozen, z, t, c)
            figures = {}
            if config.inner == "pgd":
                delta, figures["inner"] = self._near(denoiser, network, z, t, own, noise, generator)
                own = own.shifted(delta)
            e = denoiser.noise(network, z, t, own, config.precision)
            loss = (e - negative_guidance(e_0, e_c, config.erase_guidance)).square().mean()
            if config.l1:
                trained = (value for value in parameters_of(network).values() if value.requires_grad)
                loss = loss + config.l1 * sum((a - b).abs().sum() for a, b in zip(trained, start, strict=True))
            return loss, figures

        return loss_at

    def _start_weights(self, denoiser: Denoiser, network: nn.Module) -> list[Tensor]:
        """Those that training began with: the net itself may have gone on from a checkpoint by now."""
        trained = [name for name, value in parameters_of(network).items() if value.requires_grad]
        with denoiser.started():
            named = parameters_of(denoiser.frozen)
            return [named[name].detach().to(denoiser.dtype, copy=True) for name in trained]

    def _near(
        self, denoiser: Denoiser, network: nn.Module, z: Tensor, t: int, c: Condition, noise: Tensor,
        generator: torch.Generator,
    ) -> tuple[Tensor, float]:  # fmt: skip
        """δ* of RACE's inner loop, and the mean of (n − ε_θ(z_t, c + δ*, t))²: how far the net is from drawing the concept."""
        config = self.config

        def distance(features: Tensor) -> Tensor:
            told = Condition(features, c.pooled, c.sizes)
            return (noise - denoiser.noise(network, z, t, told, config.precision)).square().mean()

        size = config.inner_epsilon / 4 if config.inner_step_size is None else config.inner_step_size
        delta = descend(distance, c.features, config.inner_epsilon, config.inner_steps, size, generator)
        with torch.no_grad():
            return delta, float(distance(c.features + delta))


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
