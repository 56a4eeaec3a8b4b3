"""Which base model the words of ``verify`` name."""

from __future__ import annotations

from collections.abc import Sequence

from omegaconf import OmegaConf

from erasepro.cli.notes import own_options
from erasepro.config.schema import ModelConfig
from erasepro.errors import UserError, nearest


def verify_options(words: Sequence[str], own: Sequence[str], usage: str) -> dict[str, str]:
    """The options among the words. Raises UserError for one that is none of ``own`` or of ``model.…``, and for another form."""
    known = [*own, *(f"model.{key}" for key in ModelConfig.__dataclass_fields__)]
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not value:
            raise UserError(f"{word!r} is not key=value: {usage}.")
        if key not in known:
            guess = nearest(key, known)
            hint = f" Did you mean {guess!r}?" if guess else ""
            raise UserError(
                f"verify has no option {key!r}.{hint} Known: {', '.join(known)}.", (key, guess) if guess else None
            )
    return dict(own_options(words, known))


def base_model(options: dict[str, str], usage: str) -> ModelConfig | None:
    """The base model asked for: model=… (a name, a hub id or a folder) with model.… on top; None where none is."""
    from erasepro.config.hydra_errors import translated
    from erasepro.models.load import model_config

    if not options:
        return None
    name = options.pop("model", None) or options.get("model.source")
    if name is None:
        raise UserError(f"Say which base model: model=… ({usage}).")
    cfg = model_config(name)
    words = [f"{key}={value}" for key, value in options.items()]
    with translated(words):
        given = OmegaConf.from_dotlist(words)  # null and numbers as everywhere
        merged = OmegaConf.merge({"model": OmegaConf.structured(cfg)}, given)  # errors name model.…
        chosen = OmegaConf.to_object(merged.model)
    assert isinstance(chosen, ModelConfig)
    return chosen
