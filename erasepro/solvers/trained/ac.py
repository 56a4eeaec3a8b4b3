"""AC, concept ablation (arXiv 2303.13516): sentences about the target are trained to draw pictures of the anchor."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from erasepro.errors import UserError
from erasepro.linalg import LowRankUpdate, Update
from erasepro.models.architectures import architecture_of
from erasepro.solvers.configs.ac import ACConfig
from erasepro.solvers.registry import SOLVERS
from erasepro.solvers.training.denoiser import Condition, Denoiser
from erasepro.solvers.training.loop import Loss
from erasepro.solvers.training.own_pictures import own_latents
from erasepro.solvers.training.text_tower import TextTower
from erasepro.solvers.training.trained_edit import weight_changes
from erasepro.solvers.training.trained_solver import TrainedSolver, Trainee

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts


EMBEDDING = "embeddings.token_embedding.weight"


@SOLVERS.register("ac", ACConfig)
class AC(TrainedSolver[ACConfig]):
    """Concept ablation: the target's sentences are trained to be seen as the anchor's (arXiv 2303.13516).

    min ‖ε_θ(x_t, c, t) − sg ε_θ(x_t, a, t)‖² on noised pictures x of the anchor that the model drew itself, c the sentence a
    with the target in the anchor's place; target=noise: ‖ε_θ(x_t, c, t) − ε‖². Trained are the keys and values of
    cross-attention, the whole U-Net, or the embeddings of the target's tokens.
    """

    def is_trained(self, name: str) -> bool:
        if self.config.weights == "embedding":
            return name.endswith(EMBEDDING)
        return self.config.weights == "full" or name.endswith((".attn2.to_k", ".attn2.to_v"))

    def prepare(self, denoiser: Denoiser) -> Trainee:
        if self.config.weights != "embedding":
            return super().prepare(denoiser)
        if architecture_of(denoiser.pipe).name != "stable-diffusion":
            raise UserError("solver.weights=embedding trains Stable Diffusion 1 or 2, with one text encoder: use kv or full.")
        self._denoised, _ = denoiser.trainable_copy(lambda _: False, self.config.gradient_checkpointing)
        with denoiser.started():
            self._tower = TextTower(denoiser.pipe)
            encoder, weights = self._tower.trainable_copy(self.is_trained)
        return Trainee(encoder, weights, lambda: _row_changes(denoiser.pipe, weights), list(weights), False)

    def passes(self, prompts: EditPrompts) -> int:
        config = self.config
        own = 1 if config.target == "model" else 0
        return config.anchor_pictures * 2 * config.sampling_steps + config.steps * config.batch_size * (3 + own)

    def loss(self, denoiser: Denoiser, network: nn.Module, prompts: EditPrompts) -> Loss:
        config = self.config
        pairs = self._in_turn(prompts)
        latents, places = own_latents(
            denoiser, [anchor for _, anchor in pairs], config.anchor_pictures, config.guidance, config.seed,
            self.weights_hash, self.statistics,
        )  # fmt: skip
        texts = [target for target, _ in pairs]
        trains_words = config.weights == "embedding"
        if trains_words:
            self._hold_other_words(network, prompts)
        targets = denoiser.condition(texts, started=True)
        anchors = denoiser.condition([anchor for _, anchor in pairs], started=True)

        def loss_at(number: int, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
            rows = torch.randint(len(latents), (config.batch_size,), generator=generator)
            noise = torch.randn(config.batch_size, *denoiser.shape, generator=generator).to(latents)
            t = torch.randint(denoiser.levels, (config.batch_size,), generator=generator).to(latents.device)
            x_t = denoiser.add_noise(latents[rows], noise, t)
            denoised, c = network, targets.rows(places[rows])
            if trains_words:
                states, _ = self._tower.states(network, [texts[i] for i in places[rows].tolist()], whole=True)
                denoised, c = self._denoised, Condition(states)
            e = denoiser.noise(denoised, x_t, t, c, config.precision)
            if config.target == "noise":
                wanted = noise
            else:
                with torch.no_grad():
                    wanted = denoiser.noise(denoised, x_t, t, anchors.rows(places[rows]), config.precision)
            return (e - wanted).square().mean(), {}

        return loss_at

    def _in_turn(self, prompts: EditPrompts) -> list[tuple[str, str]]:
        """The sentences, a concept after the other, so that pictures that are fewer than sentences show each of them."""
        config, concepts = self.config, prompts.concepts.pairs
        if config.anchor_pictures < len(concepts):
            raise UserError(
                f"solver.anchor_pictures must be at least {len(concepts)}, one a concept; got {config.anchor_pictures}."
            )
        if config.prompts == "bare":
            return self.sentences(prompts)
        of: dict[str, list[tuple[str, str]]] = {}
        for p in prompts.pairs:
            of.setdefault(p.pair.target, []).append((p.target_prompt, p.anchor_prompt))
        rounds = zip_longest(*of.values())
        return [pair for one in rounds for pair in one if pair is not None]

    def _hold_other_words(self, encoder: nn.Module, prompts: EditPrompts) -> None:
        """Of the embedding's rows only those of the targets' own tokens are moved."""
        (embedding,) = (value for value in encoder.parameters() if value.requires_grad)
        own = torch.zeros(len(embedding), 1, dtype=embedding.dtype, device=embedding.device)
        for pair in prompts.concepts.pairs:
            own[list(self._tower.tokenizer(pair.target, add_special_tokens=False).input_ids)] = 1
        embedding.register_hook(lambda gradient: gradient * own)


def _row_changes(pipe: Any, weights: Mapping[str, Tensor]) -> dict[str, Update]:
    """What turns embeddings into trained ones, as factors: a row of ``down`` for each row that has moved."""
    changes: dict[str, Update] = {}
    for name, change in weight_changes(pipe, weights).items():
        delta = change.dense()
        rows = delta.any(dim=1).nonzero().flatten()
        up = torch.zeros(len(delta), len(rows), dtype=delta.dtype)
        up[rows, torch.arange(len(rows))] = 1
        changes[name] = LowRankUpdate(up, delta[rows])
    return changes
