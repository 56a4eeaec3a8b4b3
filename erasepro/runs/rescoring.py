"""``erasepro score DIR [metrics=…] [protocol=…]``: count again, or more, on the images of a run; no model is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from erasepro.config.hydra_errors import translated
from erasepro.config.paths import choices, groups
from erasepro.config.plain import plain
from erasepro.errors import UserError
from erasepro.metrics import METRICS
from erasepro.protocols.settle import named_keys, resettle
from erasepro.results.record import Results
from erasepro.runs.resolve import check, compose
from erasepro.runs.scoring import Scoring

CHANGEABLE = ("metrics", "protocol", "outputs", "tracker")


def _record(folder: Path, scoring: Scoring) -> Results:
    """The run's results with the new scores in them, saved. The run's own config and protocol stay, and so does the protocol
    of what was judged before: the settings of ``score`` are those of the scores that it makes."""
    results = Results.load(folder / "results.json")
    source = results.recognition_source
    scoring.record(results, results)
    if source.get("file") == results.recognition_source.get("file"):
        results.recognition_source = source
    results.stages["scores"] = scoring.folder.records()["scores"]
    results.save(folder / "results.json")
    return results


def rescored_config(file: Path, overrides: Sequence[str]) -> DictConfig:
    """A run's stored config with the groups of `CHANGEABLE` changed by Hydra overrides.

    ``metrics=[a,b]`` names metrics, ``metrics=nudity`` takes that option's settings whole. Of a new protocol the keys under
    ``metrics`` are set; what it fixes of the images stays as it was drawn, and renames it where it differs.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    try:
        own = OmegaConf.load(file)
        config = plain(own) if isinstance(own, DictConfig) else {}
    except Exception as error:  # yaml has many ways to be wrong
        raise UserError(f"{str(file)!r} is damaged: {(str(error) or type(error).__name__).splitlines()[0]}.") from error
    lost = [key for key in (*CHANGEABLE, "model") if not isinstance(config.get(key), dict)]
    if lost:
        raise UserError(f"{str(file)!r} is damaged: it holds no run's config (without {', '.join(lost)}).")
    with translated(overrides):
        parsed = [OverridesParser.create().parse_override(word) for word in overrides]
    values = {one.key_or_group: one.value() for one in parsed}
    before, chosen = config["protocol"], named_keys(overrides)
    if isinstance(values.get("metrics"), list):
        values["metrics.names"] = values.pop("metrics")
        chosen.add("metrics.names")
    options = {group: values.pop(group) for group in ("metrics", "protocol", "tracker") if group in values}
    for group, option in options.items():
        if option is None:
            raise UserError(
                f"{group}=null: choose {choices(group)}{', or metrics=[clip_score,fid]' if group == 'metrics' else ''}."
            )
    if (
        isinstance(options.get("metrics"), str)
        and options["metrics"] in METRICS
        and options["metrics"] not in groups()["metrics"]
    ):
        raise UserError(f"metrics={options['metrics']}: a metric by its name is metrics=[{options['metrics']}].")
    for group, option in options.items():
        config[group] = plain(compose([f"{group}={option}"]))[group]
    if "metrics" in options:
        chosen.add("metrics.names")  # an option is chosen with the metrics that it names
    if options:
        resettle(config, before, chosen)
    found = OmegaConf.create(config)
    for key, value in values.items():
        OmegaConf.update(found, key, value, force_add=True)
    return check(found, overrides)
