"""Which loader of other tools reads all of an exported edit, and which leaves a part of it out without a word.

Most edits change a text encoder and the denoiser. Nodes and functions are called by the names in code: ComfyUI's display
names have changed places ("Load LoRA" has been either node's).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from erasepro.models.layouts.site_names import TEXT_ENCODERS, split

SECOND = "transformer_2"


def count_parts(sites: Iterable[str]) -> dict[str, int]:
    """Part of the pipeline ("text_encoder", "unet" …) → how many of these weights are its own."""
    return dict(Counter(split(site)[0] for site in sites))


def is_text(part: str) -> bool:
    """Whether a part of a pipeline reads the prompt."""
    return part in TEXT_ENCODERS


def lora_reader(sites: Iterable[str], architecture: str) -> str:
    """The sentence of a LoRA in diffusers' layout."""
    parts = count_parts(sites)
    if architecture == "pixart":
        return "peft reads all of it; diffusers has no LoRA loader for PixArt."
    if SECOND in parts:
        return (
            "diffusers' pipe.load_lora_weights reads all of it in two calls: the folder, and its folder transformer_2 with "
            "load_into_transformer_2=True."
        )
    text, rest = _counts(parts)
    denoiser = next((part for part in parts if not is_text(part)), "")
    lost = f"; pipe.{denoiser}.load_lora_adapter leaves out {_of_text(text)}" if text and rest else ""
    return f"diffusers' pipe.load_lora_weights reads all of it{lost}."


def kohya_reader(sites: Iterable[str], workflow: str) -> str:
    """The sentence of a LoRA in kohya's layout. workflow: the file beside it that ComfyUI opens."""
    text, _ = _counts(count_parts(sites))
    lost = f"; LoraLoaderModelOnly drops {_of_text(text)} without a word" if text else ""
    return (
        f"ComfyUI's LoraLoader, wired to MODEL and CLIP as in {workflow}, reads all of it{lost}. A1111's prompt tag and "
        "diffusers' pipe.load_lora_weights read all of it too."
    )


def folder_reader(sites: Iterable[str]) -> str:
    """The sentence of a whole pipeline's folder."""
    text, rest = _counts(count_parts(sites))
    lost = f"; with another pipeline's text encoders {_of_text(text)} are missing" if text and rest else ""
    return f"diffusers' DiffusionPipeline.from_pretrained reads all of it{lost}."


def single_file_reader(sites: Iterable[str]) -> str:
    """The sentence of a whole checkpoint in the original layout."""
    text, _ = _counts(count_parts(sites))
    lost = f"; with a CLIP from elsewhere (CLIPLoader) {_of_text(text)} are missing" if text else ""
    return f"ComfyUI's CheckpointLoaderSimple, A1111 and diffusers' from_single_file read all of it{lost}."


def _counts(parts: dict[str, int]) -> tuple[int, int]:
    """Weights of text encoders, and the others."""
    text = sum(number for part, number in parts.items() if is_text(part))
    return text, sum(parts.values()) - text


def _of_text(number: int) -> str:
    return f"the {number} text-encoder weight{'s' if number > 1 else ''}"
