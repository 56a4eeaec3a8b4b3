"""Settings that were given and that this run does not read: a line for each, as the run is right and the wish is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from erasepro.config.overrides import named_keys, repeated_keys
from erasepro.config.stored_config import StoredConfig


def _lacks_variant(stored: StoredConfig) -> bool:
    """Whether the model's folder has no files of a variant that it is therefore read without."""
    if not stored.at("model.variant") or not Path(str(stored.at("model.source"))).expanduser().is_dir():
        return False
    from erasepro.config.schema import ModelConfig
    from erasepro.models.source import used_variant

    config = ModelConfig(**stored.at("model"))
    return used_variant(config, Path(config.source).expanduser()) is None


def _lacks(part: str, key: str, *values: object) -> Callable[[StoredConfig], bool]:
    """Whether a fit of the superset (text_fit, cross_attention_fit) is there and its key has none of these values."""
    return lambda stored: bool(stored.at(f"solver.{part}", {})) and stored.at(f"solver.{part}.{key}") not in values


def _takes_no_weights(part: str) -> Callable[[StoredConfig], bool]:
    """Whether a fit holds its columns, so that it has no weights to count them by."""
    soft, pooled = _lacks(part, "residual", "soft"), _lacks(part, "rank", "least_squares")
    return lambda stored: soft(stored) and pooled(stored)


def _of_fits() -> Iterator[tuple[tuple[str, ...], Callable[[StoredConfig], bool], str]]:
    """What one key of the superset's fits leaves unread of the others."""
    for part in ("text_fit", "cross_attention_fit"):
        at = f"solver.{part}."
        hard = ("rank", "hold", "independence_threshold", "unselected_weight", "reduced_rank")
        yield tuple(at + key for key in hard), _lacks(part, "residual", "hard"), f"{at}residual=soft has no use for it"
        yield (at + "weights",), _takes_no_weights(part), f"{at}residual=hard counts columns only with rank=least_squares"
        yield (at + "mu",), _lacks(part, "residual", "soft"), f"only {at}residual=soft has a weight of its constraints"
        fitted = tuple(at + key for key in hard[1:])
        yield fitted, _lacks(part, "rank", "independent", "exact"), f"{at}rank=least_squares holds no column"
    yield (
        ("solver.cross_attention_fit", "solver.cross_attention_kinds", "solver.cross_attention_token_policy"),
        lambda stored: stored.at("solver.cross_attention", True) is False,
        "solver.cross_attention=false edits no keys and values",
    )
    yield (
        ("solver.text_fit", "solver.text_blocks", "solver.text_token_policy"),
        lambda stored: stored.at("solver.text_sites", None) == [],
        "solver.text_sites=[] edits no text encoder",
    )


UNREAD: tuple[tuple[tuple[str, ...], Callable[[StoredConfig], bool], str], ...] = (
    (
        (
            "solver.steps", "solver.sampling_steps", "solver.guidance", "solver.size", "solver.precision",
            "solver.gradient_checkpointing",
        ),
        lambda stored: stored.at("solver.name", "") == "tea",
        "tea trains the text encoder alone, for solver.epochs",
    ),
    (
        ("schedule",),
        lambda stored: "schedule" not in stored.at("solver", {}),
        "the solver {solver} has no schedule",
    ),
    (
        ("model.source", "model.config", "model.revision", "model.variant"),
        lambda stored: stored.at("model.kind") in ("tiny", "miniature"),
        "the model {model} is not read from a source",
    ),
    (("model.variant",), _lacks_variant, "the model's folder has no files of that variant"),
    (("model.seed",), lambda stored: stored.at("model.kind") != "tiny", "only random weights (model=tiny) have a seed"),
    (("concepts.pairs",), lambda stored: bool(stored.at("concepts.file")), "the pairs are those of concepts.file"),
    (("tracker",), lambda stored: stored.at("tracker.name") == "none", "nothing is logged with tracker=none"),
    (
        ("templates.preserve_source", "templates.preserve_neighbors", "templates.contexts"),
        lambda stored: stored.at("templates.grammar") == "miniature",
        "templates.grammar=miniature has sentences of its own",
    ),
    *_of_fits(),
)
"""(keys or groups, whether this config leaves them unread, why)."""


def lines_without_effect(overrides: Sequence[str], stored: StoredConfig) -> list[str]:
    """A line for each key that the overrides name and the run does not read; for a group's option as for its keys.

    Args:
        overrides: the words of the command, sweeps resolved.
        stored: the config that they made.
    """
    lines = [f"{key} is given more than once: the last one holds, {word}." for key, word in repeated_keys(overrides).items()]
    for key in sorted(named_keys(overrides)):
        for keys, is_unread, why in UNREAD:
            chooses_it = key in ("tracker", "tracker.name")
            is_one = any(key == own or key.startswith(own + ".") for own in keys)
            if is_one and not chooses_it and is_unread(stored):
                names = {group: repr(stored.at(f"{group}.name")) for group in ("solver", "model")}
                lines.append(f"{key} has no effect: {why.format(**names)}.")
    return lines
