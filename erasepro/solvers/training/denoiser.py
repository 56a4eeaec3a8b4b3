"""A U-Net as trained methods see it: what it predicts of the noise, and latents that it has drawn half-way.

Shapes: latents z (B, C, h, w); text features (B, L, d); ε̂ as z. Times t are whole numbers below the T noise levels.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from erasepro.errors import UserError
from erasepro.generation.samplers import make_scheduler
from erasepro.models.architectures import architecture_of
from erasepro.models.computing import unwrapped

if TYPE_CHECKING:
    from erasepro.edit import Edit

COMPONENT = "unet"
BATCH = 64
"""Prompts that are encoded at a time."""
HELD = ("stable-diffusion", "sdxl")
"""Architectures whose denoiser predicts noise, as the trained methods' equations have it."""
DTYPES = {"float32": None, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Condition:
    """What a U-Net is told beside latent and time.

    features: (B, L, d) of the text; pooled: (B, p) and sizes: (B, 6) where it reads them (SDXL).
    """

    features: Tensor
    pooled: Tensor | None = None
    sizes: Tensor | None = None

    def shifted(self, delta: Tensor) -> Condition:
        """The same with δ (B or 1, L, d) added to the text features."""
        return Condition(self.features + delta, self.pooled, self.sizes)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Condition:
        pooled, sizes = (None if part is None else change(part) for part in (self.pooled, self.sizes))
        return Condition(change(self.features), pooled, sizes)

    def __len__(self) -> int:
        return len(self.features)

    def rows(self, places: Tensor) -> Condition:
        """Those at these places (n,)."""
        return self._each(lambda part: part[places.to(part.device)])

    def expand(self, n: int) -> Condition:
        """One condition for n latents."""
        return self if len(self) == n else self._each(lambda part: part.expand(n, *part.shape[1:]))


def joined(a: Condition, b: Condition) -> Condition:
    """Both behind one another, of one model."""
    pairs = ((a.pooled, b.pooled), (a.sizes, b.sizes))
    pooled, sizes = (None if x is None or y is None else torch.cat([x, y]) for x, y in pairs)
    return Condition(torch.cat([a.features, b.features]), pooled, sizes)


class Denoiser:
    """The U-Net of a pipeline, which stays as it is, and copies of it that are trained.

    Args:
        pipe: a loaded Stable Diffusion 1, 2 or XL pipeline.
        sampling_steps: DDIM steps of a whole drawing.
        size: pixels a side; None: the model's own.
        start: the edit whose weights training starts from; None: the model's.

    Raises:
        UserError: another architecture, a skeleton, or a network that predicts neither noise nor velocity.
    """

    def __init__(
        self, pipe: Any, sampling_steps: int = 50, size: int | None = None, start: Edit | None = None
    ) -> None:
        check_trainable(pipe)
        self.pipe, self.start_edit = pipe, start
        self.frozen: nn.Module = unwrapped(pipe.unet)
        # as Stable Diffusion's own DDIM has it: even steps from noise to 1, latents never clipped
        spaced = {"timestep_spacing": "leading", "steps_offset": 1, "set_alpha_to_one": False}
        ddim = make_scheduler(pipe.scheduler, "ddim")
        self.scheduler = type(ddim).from_config(ddim.config, **spaced)
        self.levels = int(self.scheduler.config.num_train_timesteps)
        if sampling_steps >= self.levels:
            raise UserError(
                f"solver.sampling_steps must be below {self.levels}, the model's noise levels; got {sampling_steps}."
            )
        self.scheduler.set_timesteps(sampling_steps)
        self.times: list[int] = [int(t) for t in self.scheduler.timesteps]  # from noise to picture
        self.velocity = self.scheduler.config.prediction_type == "v_prediction"
        side = int(pipe.unet.config.sample_size) if size is None else size // int(pipe.vae_scale_factor)
        self.shape = (int(pipe.unet.config.in_channels), side, side)
        self.pixels = side * int(pipe.vae_scale_factor)
        weight = next(self.frozen.parameters())
        self.device = weight.device
        self.dtype = torch.promote_types(weight.dtype, torch.float32)
        """Of latents, features and the nets in training."""

    def trainable_copy(
        self, is_trained: Callable[[str], bool], checkpointing: bool = False
    ) -> tuple[nn.Module, dict[str, nn.Parameter]]:
        """A copy of the U-Net, in float32 at least, and by their names in an edit those of its parameters that are trained."""
        with self.started():
            network = nn.Module.to(copy.deepcopy(self.frozen), self.dtype).requires_grad_(False)  # diffusers' own warns
        if checkpointing:
            network.enable_gradient_checkpointing()  # type: ignore[operator]
            network.train()  # diffusers checkpoints in training mode alone; its U-Nets have no dropout
        chosen = {name: value for name, value in parameters_of(network).items() if is_trained(name)}
        for value in chosen.values():
            value.requires_grad_(True)
        return network, chosen

    @torch.no_grad()
    def condition(self, prompts: Sequence[str], started: bool = False) -> Condition:
        """What the U-Net reads of some prompts; ``started``: by the text encoder of the edit that training starts from."""
        with self.started() if started else nullcontext():
            parts = [self._condition(prompts[i : i + BATCH]) for i in range(0, len(prompts), BATCH)]
        whole = parts[0]
        for part in parts[1:]:
            whole = joined(whole, part)
        return whole

    def started(self) -> AbstractContextManager[Any]:
        """The block in which the pipeline carries the edit that training starts from."""
        return nullcontext() if self.start_edit is None else self.start_edit.applied(self.pipe)

    def _condition(self, prompts: Sequence[str]) -> Condition:
        answer = self.pipe.encode_prompt(
            list(prompts), device=self.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        if architecture_of(self.pipe).name == "stable-diffusion":
            return Condition(answer[0].to(self.dtype))
        features, pooled = answer[0].to(self.dtype), answer[2].to(self.dtype)
        blank = torch.tensor([not prompt for prompt in prompts], device=features.device)
        if getattr(self.pipe.config, "force_zeros_for_empty_prompt", False):
            features, pooled = features.masked_fill(blank[:, None, None], 0), pooled.masked_fill(blank[:, None], 0)
        size = [self.pixels, self.pixels, 0, 0, self.pixels, self.pixels]  # of the original, its crop's corner, of the target
        sizes = torch.tensor([size], dtype=self.dtype, device=features.device).expand(len(features), -1)
        return Condition(features, pooled, sizes)

    def noise(
        self, network: nn.Module, z: Tensor, t: int | Tensor, condition: Condition, precision: str = "float32"
    ) -> Tensor:
        """ε̂ (B, C, h, w): the noise that a network sees in z, in z's dtype.

        A network that predicts the velocity v is read by ε̂ = √ᾱ_t v + √(1 − ᾱ_t) z.

        Args:
            t: one time for all latents, or one each (B,).
        """
        out = self._raw(network, z, t, condition, precision)
        if not self.velocity:
            return out
        a = self.scheduler.alphas_cumprod.to(z)[torch.as_tensor(t, device=z.device)].reshape(-1, 1, 1, 1)
        return a.sqrt() * out + (1 - a).sqrt() * z

    def add_noise(self, latents: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """z_t = √ᾱ_t x + √(1 − ᾱ_t) ε."""
        return self.scheduler.add_noise(latents, noise, t)

    def start(self, n: int, generator: torch.Generator) -> Tensor:
        """n latents of noise, which a CPU generator decides."""
        return torch.randn(n, *self.shape, generator=generator).to(self.device, self.dtype) * self.scheduler.init_noise_sigma

    @torch.no_grad()
    def draw_to(
        self, network: nn.Module, z: Tensor, condition: Condition, blank: Condition, step: int, guidance: float
    ) -> Tensor:
        """Latents after the first `step` DDIM steps of a drawing with classifier-free guidance: at the noise level times[step].

        Args:
            z: noise. blank: the condition of the empty prompt.
            step: 0 (z itself) to the number of sampling steps (the drawn picture).
        """
        both = joined(blank.expand(len(z)), condition.expand(len(z)))
        for t in self.times[:step]:
            plain, told = self._raw(network, torch.cat([z, z]), t, both).chunk(2)
            z = self.scheduler.step(plain + guidance * (told - plain), t, z).prev_sample
        return z

    @torch.no_grad()
    def pictures(self, latents: Tensor, batch: int = 8) -> Tensor:
        """Latents (n, C, h, w) as pictures, uint8 (n, 3, H, W) on the CPU."""
        vae = self.pipe.vae
        dtype = torch.promote_types(next(vae.parameters()).dtype, torch.float32)  # SDXL's overflows in float16
        if next(vae.parameters()).dtype != dtype:
            vae = nn.Module.to(copy.deepcopy(vae), dtype)
        drawn = []
        for part in latents.split(batch):
            image = vae.decode(part.to(vae.device, dtype) / vae.config.scaling_factor).sample
            if not bool(torch.isfinite(image).all()):
                raise UserError("The VAE gives NaN or infinity for pictures that the model draws: load the model again.")
            drawn.append(((image.float() / 2 + 0.5).clamp(0, 1) * 255).round().to("cpu", torch.uint8))
        return torch.cat(drawn)

    def level(self, step: int, generator: torch.Generator) -> int:
        """A time drawn evenly from those between a step's noise level and the one before."""
        low = self.times[step]
        high = self.times[step - 1] if step else self.levels
        return int(torch.randint(low, max(high, low + 1), (), generator=generator))

    def _raw(
        self, network: nn.Module, z: Tensor, t: int | Tensor, condition: Condition, precision: str = "float32"
    ) -> Tensor:
        own = next(network.parameters()).dtype
        kind = DTYPES[precision]
        read = condition.expand(len(z))
        added: dict[str, Any] = {}
        if read.pooled is not None:
            added["added_cond_kwargs"] = {"text_embeds": read.pooled.to(own), "time_ids": read.sizes}
        with nullcontext() if kind is None else torch.autocast(z.device.type, kind):
            out = network(z.to(own), t, encoder_hidden_states=read.features.to(own), **added).sample
        return out.to(z)


def parameters_of(network: nn.Module, component: str = COMPONENT) -> dict[str, nn.Parameter]:
    """A network's parameters by the names that an edit gives them: a linear's weight by its path, all others whole."""
    named = {}
    for path, layer in network.named_modules():
        for leaf, value in layer.named_parameters(recurse=False):
            short = isinstance(layer, nn.Linear) and leaf == "weight"
            named[f"{component}.{path}" if short else f"{component}.{path}.{leaf}"] = value
    return named


def check_architecture(pipe: Any) -> None:
    """Raise UserError for a pipeline, or a skeleton, whose denoiser the trained methods' equations do not fit."""
    name = architecture_of(pipe).name
    if name not in HELD:
        raise UserError(f"Trained solvers need the U-Net of Stable Diffusion 1, 2 or XL; this model is of {name}.")


def check_trainable(pipe: Any) -> None:
    """Raise UserError for such a pipeline, for a skeleton, and for a network that predicts neither noise nor velocity."""
    check_architecture(pipe)
    if hasattr(pipe, "pipeline_class"):
        raise UserError("A skeleton holds no weights to train: load the model (load_model) and give that.")
    kind = pipe.scheduler.config.get("prediction_type", "epsilon")
    if kind not in ("epsilon", "v_prediction"):
        raise UserError(f"Trained solvers need a model that predicts noise or velocity; this one's scheduler says {kind!r}.")
