"""``erasepro score DIR [metrics=…] [protocol=…]``: count again, or more, on the images of a run; no model is loaded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from erasepro import distributed
from erasepro.config import check, choices, compose, groups, plain, to_object
from erasepro.config_errors import translated
from erasepro.errors import UserError
from erasepro.generation import ImageStore, read_worklist
from erasepro.metrics import METRICS
from erasepro.protocol import protocol_label
from erasepro.protocol_values import named_keys, resettle
from erasepro.results import Results
from erasepro.rundir import RunDir
from erasepro.runtime.files import read_dict
from erasepro.schema import MetricsConfig, ModelConfig, OutputsConfig, TrackerConfig
from erasepro.scoring import Scoring
from erasepro.tracking import start_tracker
from erasepro.tracking.log_run import log_run
from erasepro.tracking.naming import run_info

CHANGEABLE = ("metrics", "protocol", "outputs", "tracker")
USAGE = "erasepro score DIR [metrics=[clip_score,fid]] [metrics.params.nudenet.threshold=0.6] [protocol=mace]"


def score_command(words: Sequence[str]) -> int:
    """Scores what is missing in a run's folder, adds it to its ``results.json``, and prints its tables; what it has now is
    logged as the run that it is.

    Raises UserError where the folder holds no run that has ended, or a key that decides images is given.
    """
    return distributed.first(lambda: _score(words))  # one process counts


def _score(words: Sequence[str]) -> int:
    from erasepro.runner import quiet, show

    quiet()
    folder, overrides = _split(words)
    run = _open(folder)
    cfg = rescored_config(folder / "config.yaml", overrides)
    config = plain(cfg)
    with run.visited():
        rows = list(read_worklist(folder / "worklist.jsonl"))
        scoring = Scoring(
            run,
            rows,
            to_object(cfg.metrics, MetricsConfig),
            to_object(cfg.model, ModelConfig),
            lambda metric: protocol_label(config, metric),
            to_object(cfg.outputs, OutputsConfig).progress,
        )
        scoring.check()
        original, edited = ImageStore(folder / "images" / "original"), ImageStore(folder / "images" / "edited")
        if not scoring.done:
            lost = sum(len(store.missing(rows)) + len(store.damaged(rows)) for store in (original, edited))
            if lost:
                raise UserError(
                    f"{lost} images of {str(folder)!r} are gone or damaged. Run its own command with these metrics instead: it "
                    "draws those images again, and scores."
                )
        tracking = to_object(cfg.tracker, TrackerConfig)
        with start_tracker(tracking, run_info(config, run.path, run.signature)) as tracker:
            with run.stage("scores"):
                scoring.go(edited, original)
            results = _record(folder, scoring)
            log_run(tracker, tracking, results, run.path, rows)
    print()
    show(results, folder)
    return 0


def _record(folder: Path, scoring: Scoring) -> Results:
    """The run's results with the new scores in them, saved. The run's own config and protocol stay, and so does the protocol
    of what was judged before: the settings of ``score`` are those of the scores that it makes."""
    results = Results.load(folder / "results.json")
    judged = results.judged
    scoring.record(results, results)
    if judged.get("file") == results.judged.get("file"):
        results.judged = judged
    results.stages["scores"] = scoring.folder.records()["scores"]
    results.save(folder / "results.json")
    return results


def _split(words: Sequence[str]) -> tuple[Path, list[str]]:
    """The run's folder (``DIR`` or ``run=DIR``), and the other overrides."""
    given = [word for word in words if word.startswith("run=")]
    if not given:
        given = [word for word in words[:1] if word and ("=" not in word or os.path.isdir(word))]
    rest = [word for word in words if word not in given]
    if len(given) != 1 or given[0] == "run=":
        raise UserError(f"score takes one run's folder: {USAGE}.")
    for word in rest:
        key = word.lstrip("+~").partition("=")[0]
        if "=" not in word or key.split(".")[0] not in CHANGEABLE:
            raise UserError(
                f"{word!r} cannot be given to score, which draws nothing: keys of {', '.join(CHANGEABLE)} can. {USAGE}"
            )
    return Path(given[0].removeprefix("run=")).expanduser(), rest


def _open(folder: Path) -> RunDir:
    """The run that lies in a folder. Raises UserError where none does, or it has not ended."""
    if not folder.is_dir():
        raise UserError(f"No folder {str(folder)!r}: give a run's folder, outputs/<name>-<signature>.")
    signature = read_dict(folder / "status.json").get("signature")
    if not isinstance(signature, str) or not (folder / "config.yaml").is_file():
        raise UserError(f"{str(folder)!r} is no run's folder: it holds no status.json and config.yaml.")
    Results.load(folder / "results.json")  # a run that has not ended is resumed by its own command
    return RunDir.at(folder.resolve(), signature)  # its neighbours are looked at: `run=.` has some too


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
