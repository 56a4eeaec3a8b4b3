"""TEA (arXiv 2608.15341): the text encoder is trained until the target's tokens are taken for the anchor's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from erasepro.models.sites import TEXT_ENCODER
from erasepro.solvers.configs.tea import TEAConfig
from erasepro.solvers.registry import SOLVERS
from erasepro.solvers.training.loop import Loss, step_seed
from erasepro.solvers.training.text_tower import TextTower, clip_tower
from erasepro.solvers.training.trained_edit import weight_changes
from erasepro.solvers.training.trained_solver import TrainedSolver, Trainee

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.edit import Edit


class Reversed(torch.autograd.Function):
    """The same numbers forward, the gradient times −λ backward: what follows is minimised, what comes before maximises it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * gradient, None


def token_cosine(states: Tensor, wanted: Tensor, of_text: Tensor) -> Tensor:
    """Mean of 1 − cos over the tokens of the text; states (B, L, d), of_text (B, L)."""
    return (1 - nn.functional.cosine_similarity(states, wanted, dim=-1))[of_text].mean()


class Discriminator(nn.Module):
    """The logit that a token's state (n, d) is the anchor's."""

    def __init__(self, d: int, width: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator("cpu").manual_seed(step_seed(seed, -1))
        self.inner, self.outer = nn.Linear(d, width), nn.Linear(width, 1)
        with torch.no_grad():
            for layer in (self.inner, self.outer):
                bound = 1 / math.sqrt(layer.in_features)
                for value in layer.parameters():
                    value.copy_((2 * torch.rand(value.shape, generator=generator) - 1) * bound)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(nn.functional.leaky_relu(self.inner(x), 0.2)).squeeze(-1)


@SOLVERS.register("tea", TEAConfig)
class TEA(TrainedSolver[TEAConfig]):
    """Adversarial alignment in the text encoder: a discriminator takes the target's tokens for the anchor's (arXiv 2608.15341).

    min_θ max_D λ_adv E[log D(h(a)) + log(1 − D(h_θ(c)))] + Σ (1 − cos(h_θ(p), h(p))), h token states, c sentences about the
    target, a about the anchor, p preserved ones; by reversing D's gradient. Trained are the blocks and the last norm of the
    text encoder.
    """

    part = "the text encoder"

    def is_trained(self, name: str) -> bool:
        return ".layers." in name or ".final_layer_norm." in name

    def open(self, pipe: Any, start: Edit | None) -> TextTower:
        tower = TextTower(pipe)
        self._started = start
        return tower

    def prepare(self, tower: TextTower) -> Trainee:  # type: ignore[override]
        config = self.config
        if self._started is not None:
            with self._started.applied(tower.pipe):
                network, weights = tower.trainable_copy(self.is_trained)
        else:
            network, weights = tower.trainable_copy(self.is_trained)
        width = int(tower.frozen.config.hidden_size)  # type: ignore[union-attr, arg-type]
        network.discriminator = Discriminator(width, config.discriminator_width, config.seed).to(tower.device, tower.dtype)
        judges = {f"discriminator.{name}": value for name, value in network.discriminator.named_parameters()}
        rates = dict.fromkeys(judges, config.discriminator_rate)
        return Trainee(network, weights | judges, lambda: weight_changes(tower.pipe, weights), list(weights), False, rates)

    def steps(self, prompts: EditPrompts) -> int:
        return self.config.epochs * math.ceil(len(self.sentences(prompts)) / self.config.batch_size)

    def passes(self, prompts: EditPrompts) -> int:
        config = self.config
        kept = 4 if prompts.preserve and config.preserve_weight else 0
        return self.steps(prompts) * config.batch_size * (3 + config.anchors + kept)

    def loss(self, tower: TextTower, network: nn.Module, prompts: EditPrompts) -> Loss:  # type: ignore[override]
        config, pairs, preserved = self.config, self.sentences(prompts), list(prompts.preserve)
        judge: Any = network.discriminator

        def loss_at(number: int, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
            rows = torch.randint(len(pairs), (config.batch_size,), generator=generator).tolist()
            others = torch.randint(len(pairs), (config.batch_size * config.anchors,), generator=generator).tolist()
            states, of_text = tower.states(network, [pairs[i][0] for i in rows])
            with torch.no_grad():
                wanted, of_anchor = tower.states(tower.frozen, [pairs[i][1] for i in others])
            false = judge(Reversed.apply(states[of_text], config.adversarial_weight))
            true = judge(wanted[of_anchor].to(states))
            bce = nn.functional.binary_cross_entropy_with_logits
            told = bce(true, torch.ones_like(true)) + bce(false, torch.zeros_like(false))
            loss, figures = told, {"discriminator": float(told.detach())}
            if preserved and config.preserve_weight:
                chosen = torch.randint(len(preserved), (config.batch_size,), generator=generator).tolist()
                texts = [preserved[i] for i in chosen]
                now, of_text = tower.states(network, texts)
                with torch.no_grad():
                    before, _ = tower.states(tower.frozen, texts)
                kept = token_cosine(now, before.to(now), of_text)
                loss, figures["preserve"] = loss + config.preserve_weight * kept, float(kept.detach())
            return loss, figures

        return loss_at

    def memory(self, pipe: Any, prompts: EditPrompts) -> int:
        clip_tower(pipe)
        return 16 * sum(value.numel() for value in getattr(pipe, TEXT_ENCODER).parameters())
