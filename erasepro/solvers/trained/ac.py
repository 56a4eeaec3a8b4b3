"""AC, concept ablation (arXiv 2303.13516): sentences about the target are trained to draw pictures of the anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from erasepro.solvers.configs.ac import ACConfig
from erasepro.solvers.registry import SOLVERS
from erasepro.solvers.training.denoiser import Denoiser
from erasepro.solvers.training.loop import Loss
from erasepro.solvers.training.own_pictures import own_latents
from erasepro.solvers.training.trained_solver import TrainedSolver

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts


@SOLVERS.register("ac", ACConfig)
class AC(TrainedSolver[ACConfig]):
    """Concept ablation: the target's sentences are trained to be seen as the anchor's (arXiv 2303.13516).

    min ‖ε_θ(x_t, c, t) − sg ε_θ(x_t, a, t)‖² on noised pictures x of the anchor that the model drew itself, c the sentence a
    with the target in the anchor's place; target=noise: ‖ε_θ(x_t, c, t) − ε‖². Trained are the keys and values of
    cross-attention, or the whole U-Net.
    """

    def is_trained(self, name: str) -> bool:
        return self.config.weights == "full" or name.endswith((".attn2.to_k", ".attn2.to_v"))

    def passes(self, prompts: EditPrompts) -> int:
        config = self.config
        own = 1 if config.target == "model" else 0
        return config.anchor_pictures * 2 * config.sampling_steps + config.steps * config.batch_size * (3 + own)

    def loss(self, denoiser: Denoiser, network: nn.Module, prompts: EditPrompts) -> Loss:
        config = self.config
        pairs = self.sentences(prompts)
        latents, places = own_latents(
            denoiser, [anchor for _, anchor in pairs], config.anchor_pictures, config.guidance, config.seed,
            self.weights_hash, self.statistics,
        )  # fmt: skip
        targets = denoiser.condition([target for target, _ in pairs], started=True)
        anchors = denoiser.condition([anchor for _, anchor in pairs], started=True)

        def loss_at(number: int, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
            rows = torch.randint(len(latents), (config.batch_size,), generator=generator)
            noise = torch.randn(config.batch_size, *denoiser.shape, generator=generator).to(latents)
            t = torch.randint(denoiser.levels, (config.batch_size,), generator=generator).to(latents.device)
            x_t = denoiser.add_noise(latents[rows], noise, t)
            e = denoiser.noise(network, x_t, t, targets.rows(places[rows]), config.precision)
            if config.target == "noise":
                wanted = noise
            else:
                with torch.no_grad():
                    wanted = denoiser.noise(network, x_t, t, anchors.rows(places[rows]), config.precision)
            return (e - wanted).square().mean(), {}

        return loss_at
