"""ACE (arXiv 2501.01633): the unconditional prediction is moved towards the concept, so that any guidance leads away."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from erasepro.concepts.safety.minors import mentions_minor
from erasepro.concepts.safety.sensitive import mentions_nudity
from erasepro.errors import UserError
from erasepro.solvers.configs.ace import ACEConfig
from erasepro.solvers.registry import SOLVERS
from erasepro.solvers.trained.esd import negative_guidance
from erasepro.solvers.training.denoiser import Condition, Denoiser
from erasepro.solvers.training.loop import Loss
from erasepro.solvers.training.lora import add_adapters
from erasepro.solvers.training.own_pictures import own_latents
from erasepro.solvers.training.trained_solver import TrainedSolver, Trainee, drawing_passes

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts

A_STEP = 2
"""Priors that a step holds."""


def anti_editing_target(
    e_0: Tensor, e_c: Tensor, e_p: Sequence[Tensor], gammas: Sequence[float], eta_u: float, eta_p: float, average: bool = False
) -> Tensor:
    """e₀ + η_u(e_c − e₀) − η_p Σ_j γ_j(e_pj − e₀): what the unconditional prediction is to be (ACE, its L_unc).

    Towards the concept, so that guidance, which points away from the unconditional prediction, leads away from it.

    Args:
        average: the corrections of the priors are averaged, not summed.
    """
    corrections = [gamma * (e - e_0) for gamma, e in zip(gammas, e_p, strict=True)]
    total = torch.stack(corrections).sum(0) / (len(corrections) if average else 1)
    return e_0 + eta_u * (e_c - e_0) - eta_p * total


@SOLVERS.register("ace", ACEConfig)
class ACE(TrainedSolver[ACEConfig]):
    """Anti-editing concept erasure: a LoRA that moves the unconditional prediction towards the concept (arXiv 2501.01633).

    λ_u ‖ε_θ(z, "", t) − [e₀ + η_u(e_c − e₀) − η_p Σ γ_j(e_pj − e₀)]‖² + λ_c ‖ε_θ(z, c, t) − [e₀ − η_c(e_c − e₀)]‖²
    + λ_p ‖ε_θ(z, p, t) − ε(z, p, t)‖², the mean of two prior concepts p, z drawn half-way by the net in training. The anchor is
    not used.
    """

    uses_anchor = False

    @property
    def needs_judge(self) -> bool:
        return self.config.prior_scale == "clip"

    def is_trained(self, name: str) -> bool:
        return ".attentions." in name and not name.endswith(".bias")

    def numbers_of(self, weight: Tensor) -> int:
        return self.config.rank * (weight.shape[0] + weight[0].numel()) if weight.ndim > 1 else 0

    def prepare(self, denoiser: Denoiser) -> Trainee:
        config = self.config
        network, _ = denoiser.trainable_copy(lambda _: False, config.gradient_checkpointing)
        scale = config.alpha / config.rank
        adapters = add_adapters(network, lambda path: ".attentions." in path, config.rank, scale, config.seed)
        parts = [(f"{name}.{kind}", getattr(adapter, kind)) for name, adapter in adapters.items() for kind in ("up", "down")]
        return Trainee(network, dict(parts), lambda: {name: a.update() for name, a in adapters.items()}, list(adapters))

    def passes(self, prompts: EditPrompts) -> int:
        config = self.config
        held = self.priors(prompts)
        trained = 1 + min(A_STEP, len(held)) + (config.erase_weight > 0)
        latents = drawing_passes(config) * (1 + config.with_prior_latent)
        pictures = config.prior_pictures * (len(prompts.concepts.targets) + len(held)) if self.needs_judge else 0
        step = latents + 2 + min(A_STEP, len(held)) + 3 * trained + 4 * config.with_prior_latent
        return pictures * 2 * config.sampling_steps + config.steps * config.batch_size * step

    def loss(self, denoiser: Denoiser, network: nn.Module, prompts: EditPrompts) -> Loss:
        config = self.config
        names = list(dict.fromkeys(target for target, _ in self.sentences(prompts)))
        held = self.priors(prompts)
        gammas = self.prior_scales(denoiser, names, held)
        frozen = [denoiser.condition(texts) for texts in ([""], names, held)]
        own = [denoiser.condition(texts, started=True) for texts in ([""], names, held)]

        def loss_at(number: int, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
            place = torch.randint(len(names), (1,), generator=generator)
            chosen = torch.randperm(len(held), generator=generator)[:A_STEP]
            (blank, c), own_blank, own_c = (frozen[0], frozen[1].rows(place)), own[0], own[1].rows(place)
            priors = [(frozen[2].rows(j[None]), own[2].rows(j[None])) for j in chosen]
            z, t = self._latents(denoiser, network, own_c, own_blank, generator)

            def trained(condition: Condition) -> Tensor:
                return denoiser.noise(network, z, t, condition, config.precision)

            with torch.no_grad():
                e_0, e_c, *e_p = (denoiser.noise(denoiser.frozen, z, t, x) for x in (blank, c, *(p for p, _ in priors)))
            scales = [gammas[int(place)][int(j)] for j in chosen]
            wanted = anti_editing_target(
                e_0, e_c, e_p, scales, config.unconditional_guidance, config.prior_guidance, config.corrections == "average"
            )
            unc = (trained(own_blank) - wanted).square().mean()
            prior = torch.stack([(trained(p) - e).square().mean() for (_, p), e in zip(priors, e_p, strict=True)]).mean()
            if config.with_prior_latent:
                prior = prior + self._held_at_prior(denoiser, network, priors[0], blank, own_blank, generator)
            loss = config.unconditional_weight * unc + config.prior_weight * prior
            figures = {"unconditional": float(unc.detach()), "prior": float(prior.detach())}
            if config.erase_weight:
                esd = (trained(own_c) - negative_guidance(e_0, e_c, config.erase_guidance)).square().mean()
                loss, figures["erase"] = loss + config.erase_weight * esd, float(esd.detach())
            return loss, figures

        return loss_at

    def priors(self, prompts: EditPrompts) -> list[str]:
        """The concepts to hold: named ones, else the model's words nearest to the targets, else the anchors."""
        targets = set(prompts.concepts.targets)
        gone = targets | set(prompts.left_out)  # other forms of what is erased
        rounds = zip_longest(*(words for name, words in prompts.neighbors if name in targets))
        near = [word for one in rounds for word in one if word is not None]  # each target's nearest first
        for names in (prompts.concepts.preserve, near, prompts.concepts.anchors):
            fit = [name for name in names if name and not mentions_minor(name) and not mentions_nudity([name])]
            chosen = [name for name in dict.fromkeys(fit) if name not in gone]
            if chosen:
                return chosen[: self.config.priors]
        raise UserError("ACE holds prior concepts, and there are none: name some in concepts.preserve, or give an anchor.")

    def prior_scales(self, denoiser: Denoiser, names: Sequence[str], held: Sequence[str]) -> list[list[float]]:
        """γ by target and prior: the likeness of a prior's pictures to the target's name over that of the target's own.

        Raises:
            UserError: there is no judge.
        """
        config = self.config
        if config.prior_scale == "one":
            return [[1.0] * len(held) for _ in names]
        judge = None if self.load_judge is None else self.load_judge()
        if judge is None:
            raise UserError(
                "ACE asks a CLIP how like the target its priors' pictures are, and this model has no judge: set "
                "metrics.judge (of a run), or solver.prior_scale=one."
            )
        texts = [*names, *held]
        number = config.prior_pictures * len(texts)
        latents, places = own_latents(
            denoiser, texts, number, config.guidance, config.seed, self.weights_hash, self.statistics
        )
        likeness = likenesses(judge, denoiser.pictures(latents), names)  # (n, targets)
        if len(set(places.tolist())) < len(texts):
            lost = next(text for i, text in enumerate(texts) if i not in set(places.tolist()))
            raise UserError(
                f"ACE finds no picture of {lost!r} to measure γ on: those that the model draws are no numbers. Load it in "
                "float32 (model.dtype=float32), or set solver.prior_scale=one."
            )
        means = [[float(likeness[places == i, k].mean()) for i in range(len(texts))] for k in range(len(names))]
        return [[row[len(names) + j] / (row[k] or 1e-6) for j in range(len(held))] for k, row in enumerate(means)]

    def _latents(
        self, denoiser: Denoiser, network: nn.Module, c: Condition, blank: Condition, generator: torch.Generator
    ) -> tuple[Tensor, int]:
        """A batch of latents that the net in training has drawn half-way, and their time."""
        step = int(torch.randint(len(denoiser.times), (), generator=generator))
        z = denoiser.start(self.config.batch_size, generator)
        return denoiser.draw_to(network, z, c, blank, step, self.config.guidance), denoiser.level(step, generator)

    def _held_at_prior(
        self, denoiser: Denoiser, network: nn.Module, prior: tuple[Condition, Condition], blank: Condition,
        own_blank: Condition, generator: torch.Generator,
    ) -> Tensor:  # fmt: skip
        """How far the unconditional prediction moves at a latent of a prior's own."""
        z, t = self._latents(denoiser, network, prior[1], own_blank, generator)
        with torch.no_grad():
            wanted = denoiser.noise(denoiser.frozen, z, t, blank)
        return (denoiser.noise(network, z, t, own_blank, self.config.precision) - wanted).square().mean()


def likenesses(judge: Any, pictures: Tensor, names: Sequence[str]) -> Tensor:
    """Cosines (n, names) of pictures, uint8 (n, 3, H, W), and names."""
    with torch.no_grad():
        image, text = judge.image_features(pictures), judge.text_features(list(names))
    return nn.functional.normalize(image.float(), dim=-1) @ nn.functional.normalize(text.float(), dim=-1).T
