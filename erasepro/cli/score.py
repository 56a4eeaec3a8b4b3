"""``erasepro score DIR [metrics=[…]] [protocol=…]``: count again, or more, on the images of a run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from erasepro.config.plain import plain
from erasepro.config.schema import MetricsConfig, ModelConfig, OutputsConfig, TrackerConfig
from erasepro.config.typed import to_object
from erasepro.errors import UserError
from erasepro.generation import ImageStore, read_worklist
from erasepro.protocols.label import protocol_label
from erasepro.results.record import Results
from erasepro.results.run_folder import RESULTS_VERSION, RunDir
from erasepro.runs.rescoring import CHANGEABLE, _record, rescored_config
from erasepro.runs.scoring import Scoring
from erasepro.runtime import distributed
from erasepro.runtime.files import read_dict
from erasepro.tracking import start_tracker
from erasepro.tracking.log_run import log_run
from erasepro.tracking.naming import run_info

USAGE = "erasepro score DIR [metrics=[clip_score,fid]] [metrics.params.nudenet.threshold=0.6] [protocol=mace]"


def score_command(words: Sequence[str]) -> int:
    """Scores what is missing in a run's folder, adds it to its ``results.json``, and prints its tables; what it has now is
    logged as the run that it is.

    Raises UserError where the folder holds no run that has ended, or a key that decides images is given.
    """
    return distributed.first(lambda: _score(words))  # one process counts


def _score(words: Sequence[str]) -> int:
    from erasepro.report.show import show
    from erasepro.runtime.quiet import quiet

    quiet()
    folder, overrides = _split(words)
    run = _open(folder)
    cfg = rescored_config(folder / "config.yaml", overrides)
    config = plain(cfg)
    with run.reopened():
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
    if read_dict(folder / "results.json").get("version") != RESULTS_VERSION:
        raise UserError(
            f"{str(folder)!r} was drawn by an older erasepro, whose work list has another form: erasepro report shows its "
            "tables; to score it, run its own command again, which draws it anew."
        )
    return RunDir.at(folder.resolve(), signature)  # its neighbours are looked at: `run=.` has some too
