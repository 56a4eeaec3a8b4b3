"""What each supported architecture looks like to an eraser: its text encoders, and the layers that read their features.

    encoders  ──features──▶  (projections, where there are some)  ──▶  the denoiser's linears of a `ConditioningInput`

An edit changes the encoders' own layers (CLIP's), then the linears of every conditioning input. All of it can be
answered from a pipeline's configs: weights may be on the meta device. To support another pipeline, add one entry to
ARCHITECTURES.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from erasepro.errors import UserError


@dataclass(frozen=True)
class TextEncoder:
    """One text encoder of a pipeline.

    component, tokenizer: the pipeline's names for them.
    family: clip (causal; its layers can be edited) | t5 (not causal: every position depends on the whole text).
    state: final (after the last norm) | penultimate (the state before the last block, without norm): what the denoiser
        reads token by token | pooled (it reads no tokens of this one).
    length: positions that a prompt takes; None: the tokenizer's own limit.
    padding: read (like words: nothing is masked) | ignored (masked in the encoder and in the denoiser) | zeroed (masked in
        the encoder, and read by the denoiser as zeros).
    lower, clean: the pipeline lower-cases the prompt first, or cleans it (HTML, quotes, spaces) as Wan's does.
    """

    component: str = "text_encoder"
    tokenizer: str = "tokenizer"
    family: str = "clip"
    state: str = "final"
    length: int | None = None
    padding: str = "read"
    lower: bool = False
    clean: bool = False

    @property
    def causal(self) -> bool:
        """Whether a token's features depend on earlier tokens only."""
        return self.family == "clip"


@dataclass(frozen=True)
class ConditioningInput:
    """Linears of the denoiser that read the same features, so that one factorisation serves them all.

    kind: attention (keys and values) | embedder (the first linear behind the encoders) | pooled (one vector a prompt).
    sites: a pattern of module paths; its group 1, where there is one, tells keys from values.
    parts: encoders whose features are joined, (d₁ + d₂ + …) a token, by part; parts follow one another as further tokens.
        Features narrower than the linear are followed by zeros, as the pipelines do.
    projections: modules that the features pass on their way, in order.
    denoiser: the component that holds the linears.
    """

    kind: str
    sites: str
    parts: tuple[tuple[str, ...], ...]
    projections: tuple[str, ...] = ()
    denoiser: str = "transformer"


@dataclass(frozen=True)
class Architecture:
    """A family of diffusers pipelines.

    pipelines: the class that draws from text alone, then those with the same encoders, prompts and layers that read the text.
    reads: in the order in which they are solved.
    """

    name: str
    pipelines: tuple[str, ...]
    encoders: tuple[TextEncoder, ...]
    reads: tuple[ConditioningInput, ...]
    about: str = ""

    def blocks_read(self, component: str, blocks: int) -> int:
        """How many of an encoder's `blocks` anything that the denoiser reads depends on."""
        pooled = any(component in part for r in self.reads if r.kind == "pooled" for part in r.parts)
        return blocks - (self.encoder(component).state == "penultimate" and not pooled)

    def encoder(self, component: str) -> TextEncoder:
        """The encoder of that name."""
        return next(e for e in self.encoders if e.component == component)

    def works_without(self, gone: Collection[str]) -> bool:
        """Whether every conditioning input has a part left whose encoders are all there."""
        return all(any(not set(part) & set(gone) for part in read.parts) for read in self.reads)

    @property
    def denoisers(self) -> tuple[str, ...]:
        """Components that hold linears of a conditioning input."""
        return tuple(dict.fromkeys(r.denoiser for r in self.reads))


ATTENTION = r"^(?!.*motion_modules)(?:.*\.)?attn2\.(to_k|to_v)$"
"""Keys and values of cross-attention; those of a motion module (AnimateDiff) read frames, not text."""
CLIP_L, CLIP_G, T5 = ("text_encoder",), ("text_encoder", "text_encoder_2"), ("text_encoder_3",)

ARCHITECTURES = (
    Architecture(
        "stable-diffusion",
        ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline", "AnimateDiffPipeline"),
        (TextEncoder(),),
        (ConditioningInput("attention", ATTENTION, (CLIP_L,), denoiser="unet"),),
        # SD 2's text encoder is stored without its last block, so that "penultimate" is its final state there too
        "SD 1.4/1.5 (CLIP-L) and 2.1 (OpenCLIP-H): the U-Net's keys and values",
    ),
    Architecture(
        "sdxl",
        ("StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline", "StableDiffusionXLInpaintPipeline"),
        (
            TextEncoder(state="penultimate"),
            TextEncoder("text_encoder_2", "tokenizer_2", state="penultimate"),
        ),
        (
            ConditioningInput("attention", ATTENTION, (CLIP_G,), denoiser="unet"),
            ConditioningInput("pooled", r"^add_embedding\.linear_1$", (("text_encoder_2",),), denoiser="unet"),
        ),
        "SDXL base and turbo (CLIP-L and bigG side by side, bigG's pooled vector)",
    ),
    Architecture(
        "sd3",
        ("StableDiffusion3Pipeline", "StableDiffusion3Img2ImgPipeline", "StableDiffusion3InpaintPipeline"),
        (
            TextEncoder(state="penultimate"),
            TextEncoder("text_encoder_2", "tokenizer_2", state="penultimate"),
            TextEncoder("text_encoder_3", "tokenizer_3", "t5", length=256),
        ),
        (
            ConditioningInput("embedder", r"^context_embedder$", (CLIP_G, T5)),
            ConditioningInput("pooled", r"^time_text_embed\.text_embedder\.linear_1$", (CLIP_G,)),
        ),
        "SD 3 and 3.5 (CLIP-L and CLIP-G side by side, then T5; both CLIPs' pooled vectors)",
    ),
    Architecture(
        "flux",
        ("FluxPipeline", "FluxImg2ImgPipeline", "FluxInpaintPipeline"),
        (TextEncoder(state="pooled"), TextEncoder("text_encoder_2", "tokenizer_2", "t5", length=512)),
        (
            ConditioningInput("embedder", r"^context_embedder$", (("text_encoder_2",),)),
            ConditioningInput("pooled", r"^time_text_embed\.text_embedder\.linear_1$", (CLIP_L,)),
        ),
        "FLUX.1 dev and schnell (T5's tokens, CLIP-L's pooled vector)",
    ),
    Architecture(
        "pixart",
        ("PixArtSigmaPipeline",),
        (TextEncoder(family="t5", length=300, padding="ignored", lower=True),),
        (ConditioningInput("attention", ATTENTION, (CLIP_L,), ("caption_projection",)),),
        "PixArt-Σ (T5 through a projection: keys and values)",
    ),
    Architecture(
        "wan",
        ("WanPipeline", "WanVideoToVideoPipeline"),
        (TextEncoder(family="t5", length=512, padding="zeroed", clean=True),),
        (
            ConditioningInput("attention", ATTENTION, (CLIP_L,), ("condition_embedder.text_embedder",)),
            ConditioningInput(
                "attention", ATTENTION, (CLIP_L,), ("condition_embedder.text_embedder",), "transformer_2"
            ),
        ),
        "Wan 2.x text-to-video (UMT5 through a projection: keys and values, of both experts where there are two)",
    ),
    Architecture(
        "cogvideox",
        ("CogVideoXPipeline", "CogVideoXVideoToVideoPipeline"),
        (TextEncoder(family="t5", length=226),),
        (ConditioningInput("embedder", r"^patch_embed\.text_proj$", (CLIP_L,)),),
        "CogVideoX text-to-video (T5's tokens)",
    ),
)


def architecture(name: str) -> Architecture:
    """The architecture of a diffusers pipeline class, by the class's name (or the architecture's own).

    Raises:
        UserError: one that is not supported, with the list of those that are.
    """
    for candidate in ARCHITECTURES:
        if name == candidate.name or name in candidate.pipelines:
            return candidate
    known = "; ".join(f"{', '.join(candidate.pipelines)}: {candidate.about}" for candidate in ARCHITECTURES)
    raise UserError(
        f"{name} is not supported. Supported: {known}. To add one, describe its text encoders and the layers that read "
        "them in erasepro/models/architectures.py (one entry) and add a tiny pipeline to its tests."
    )


def architecture_of(pipe: Any) -> Architecture:
    """The architecture of a pipeline object, or of anything with the parts of a Stable Diffusion."""
    kind = getattr(pipe, "pipeline_class", type(pipe).__name__)
    known = any(kind in candidate.pipelines for candidate in ARCHITECTURES)
    if not known and hasattr(pipe, "unet") and hasattr(pipe, "text_encoder") and not hasattr(pipe, "text_encoder_2"):
        return ARCHITECTURES[0]
    return architecture(kind)
