"""``metrics.judge``: the judge that a config names, built from a published name, a local file, or a hub id."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from erasepro.config.schema import JUDGE_KINDS, JudgeConfig, ModelConfig
from erasepro.errors import UserError, unknown
from erasepro.generation.worklist import Row
from erasepro.metrics.networks.clip import ClipJudge
from erasepro.metrics.networks.pickles import file_sha256, load_weights
from erasepro.models.device import pick_device
from erasepro.models.load import load_shipped_judge
from erasepro.runtime.hub import check_may_download


def check_judge(cfg: JudgeConfig) -> None:
    """Whatever can be wrong with the settings themselves. Raises UserError."""
    if cfg.kind not in JUDGE_KINDS:
        raise unknown("value of metrics.judge.kind", cfg.kind, JUDGE_KINDS)
    for key in ("template", "style_template"):
        if "{c}" not in getattr(cfg, key):
            raise UserError(f"metrics.judge.{key} must contain {{c}}, the class's place; got {getattr(cfg, key)!r}.")
    if cfg.kind == "model":
        unset = JudgeConfig()
        for key in ("source", "name", "classes"):
            if (value := getattr(cfg, key)) != getattr(unset, key):
                raise UserError(
                    f"metrics.judge.{key}={value!r} is a CLIP's: set metrics.judge.kind=openai_clip "
                    "or transformers_clip."
                )
    if cfg.kind == "openai_clip" and cfg.source is not None and not Path(cfg.source).expanduser().is_file():
        raise UserError(
            f"metrics.judge.source: no file {cfg.source!r}; give OpenAI's published file or a .safetensors of the same "
            "tensors, or null to download it by metrics.judge.name."
        )
    if cfg.kind == "transformers_clip" and not cfg.source:
        raise UserError("metrics.judge.source: give a folder in transformers' layout or a hub id.")


def build_judge(
    cfg: JudgeConfig, load_shipped: Callable[[], Any], concepts: Sequence[str], styles: Sequence[str]
) -> Any:
    """The judge of a config; ``load_shipped`` gives the model's own (or None).

    Args:
        concepts, styles: CLIP's classes where ``metrics.judge.classes`` names none.

    Raises UserError for unknown names, missing, foreign or unpinned files, and where nothing can be downloaded.
    """
    check_judge(cfg)
    if cfg.kind == "model":
        return load_shipped()
    device = _device(cfg.device)
    parts = _openai(cfg, device) if cfg.kind == "openai_clip" else _transformers(cfg, device)
    return ClipJudge(
        **parts,
        concepts=cfg.classes or concepts,
        styles=styles,
        template=cfg.template,
        style_template=cfg.style_template,
        device=device,
    )


def build_run_judge(cfg: JudgeConfig, model: ModelConfig, rows: Sequence[Row]) -> Any:
    """The judge of a run, CLIP's classes being the concepts of its rows; None where the model has none of its own."""
    concepts_of_rows = [(name, row) for row in rows for name in (row.concept, row.expected_concept) if name]
    concepts = sorted({name for name, row in concepts_of_rows if not row.asks_for_style})
    styles = sorted(
        {name for name, row in concepts_of_rows if row.asks_for_style} | {row.style for row in rows if row.style}
    )
    return build_judge(cfg, lambda: load_shipped_judge(model), concepts, styles)


def _device(name: str) -> torch.device:
    try:
        return torch.device(pick_device(name))
    except UserError as error:
        raise UserError(str(error).replace("model.device", "metrics.judge.device")) from error


def _openai(cfg: JudgeConfig, device: torch.device) -> dict[str, Any]:
    """OpenAI's CLIP by clip-anytorch's classes; its own loader, which unpickles, is not asked."""
    import clip
    from clip.model import build_model

    path = Path(cfg.source).expanduser() if cfg.source else _published(cfg.name)
    state = _state(path)
    try:
        model = build_model(state).float().to(device)
    except (AssertionError, AttributeError, KeyError, RuntimeError, ZeroDivisionError) as error:
        raise UserError(f"{path.name} holds no OpenAI CLIP ({type(error).__name__}: {_short(error)}).") from error

    def encode_text(texts: list[str]) -> Tensor:
        return model.encode_text(clip.tokenize(texts, truncate=True).to(device))

    return {
        "network": model,
        "encode_image": model.encode_image,
        "encode_text": encode_text,
        "size": int(model.visual.input_resolution),
        "scale": float(model.logit_scale.exp()),
        "name": cfg.name if cfg.source is None else path.name,
    }


def published_hashes() -> dict[str, str]:
    """OpenAI's CLIPs by name, each with the SHA-256 that its published address names."""
    from clip.clip import _MODELS

    return {name: url.split("/")[-2] for name, url in _MODELS.items()}


def _published(name: str) -> Path:
    """The published file from the package's own cache, downloaded and checked where it is not there."""
    from clip.clip import _MODELS, _download

    if name not in _MODELS:
        raise unknown("metrics.judge.name", name, _MODELS)
    cached = Path.home() / ".cache" / "clip" / _MODELS[name].rsplit("/", 1)[-1]
    if cached.is_file() and file_sha256(cached) == published_hashes()[name]:
        return cached
    check_may_download(f"OpenAI's CLIP {name}")
    try:
        return Path(_download(_MODELS[name], str(cached.parent)))
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"Cannot download OpenAI's CLIP {name} ({_short(error)}): give its file, metrics.judge.source=FILE."
        ) from error


def _state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file: safetensors, or one of OpenAI's archives, known by its whole SHA-256."""
    digest = file_sha256(path)
    if digest in published_hashes().values():
        return dict(torch.jit.load(io.BytesIO(path.read_bytes()), map_location="cpu").state_dict())
    return load_weights(path)


def _transformers(cfg: JudgeConfig, device: torch.device) -> dict[str, Any]:
    """A ``CLIPModel`` of transformers, safetensors only."""
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

    source = str(Path(str(cfg.source)).expanduser()) if Path(str(cfg.source)).expanduser().exists() else str(cfg.source)
    try:
        config = CLIPConfig.from_pretrained(source)
        model = CLIPModel.from_pretrained(source, config=config, use_safetensors=True).float().eval().to(device)
        tokenizer = CLIPTokenizer.from_pretrained(source)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise UserError(
            f"metrics.judge.source={cfg.source!r} cannot be read as a CLIP of transformers ({_short(error)}): give a "
            "folder with config.json, model.safetensors and the tokenizer, or a hub id that can be reached."
        ) from error
    longest = int(config.text_config.max_position_embeddings)

    def encode_text(texts: list[str]) -> Tensor:
        ids = tokenizer(texts, padding=True, truncation=True, max_length=longest, return_tensors="pt").to(device)
        return _plain(model.get_text_features(**ids))

    return {
        "network": model,
        "encode_image": lambda pixels: _plain(model.get_image_features(pixel_values=pixels)),
        "encode_text": encode_text,
        "size": int(config.vision_config.image_size),
        "scale": float(model.logit_scale.exp()),
        "name": str(cfg.source),
    }


def _plain(output: Any) -> Tensor:
    """The projected embedding; transformers 5 wraps it."""
    return output if isinstance(output, Tensor) else output.pooler_output


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]
