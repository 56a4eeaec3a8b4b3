"""``erasepro score DIR [metrics=[…]] [protocol=…]``: count again, or more, on the images of a run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from erasepro.errors import UserError
from erasepro.report.show import show
from erasepro.results.results_json import Results
from erasepro.results.run_folder import RESULTS_VERSION, RunFolder, check_signature
from erasepro.runs.rescoring import RESCORABLE_GROUPS, recorded_config, rescore, rescored_spec
from erasepro.runtime import distributed
from erasepro.runtime.files import read_dict
from erasepro.runtime.quiet import quiet

USAGE = "erasepro score DIR [metrics=[clip_score,fid]] [metrics.params.nudenet.threshold=0.6] [protocol=mace]"


def command(words: Sequence[str]) -> int:
    """Scores what is missing in a run's folder, adds it to its ``results.json``, and prints its tables.

    Raises UserError where the folder holds no run that has ended, or a key that decides images is given.
    """
    return distributed.on_main_process(lambda: _score(words))  # one process counts


def _score(words: Sequence[str]) -> int:
    quiet()
    folder, overrides = _split(words)
    run, recorded = _open(folder)
    results = rescore(run, rescored_spec(recorded_config(folder / "config.yaml", recorded), overrides))
    print()
    show(results, folder)
    return 0


def _split(words: Sequence[str]) -> tuple[Path, list[str]]:
    """The run's folder (``DIR`` or ``run=DIR``), and the other overrides."""
    folders = [word for word in words if word.startswith("run=")]
    if not folders:
        folders = [word for word in words[:1] if word and ("=" not in word or os.path.isdir(word))]
    rest = [word for word in words if word not in folders]
    if len(folders) != 1 or folders[0] == "run=":
        raise UserError(f"score takes one run's folder: {USAGE}.")
    for word in rest:
        key = word.lstrip("+~").partition("=")[0]
        if "=" not in word or key.split(".")[0] not in RESCORABLE_GROUPS:
            allowed = ", ".join(RESCORABLE_GROUPS)
            raise UserError(f"{word!r} cannot be given to score, which draws nothing: keys of {allowed} can. {USAGE}")
    return Path(folders[0].removeprefix("run=")).expanduser(), rest


def _open(folder: Path) -> tuple[RunFolder, Results]:
    """The run that lies in a folder, and its results. Raises UserError where none does, or it has not ended."""
    if not folder.is_dir():
        raise UserError(f"No folder {str(folder)!r}: give a run's folder, outputs/<name>-<signature>.")
    signature = read_dict(folder / "status.json").get("signature")
    if not isinstance(signature, str) or not (folder / "config.yaml").is_file():
        raise UserError(f"{str(folder)!r} is no run's folder: it holds no status.json and config.yaml.")
    results = Results.load(folder / "results.json")  # a run that has not ended is resumed by its own command
    if read_dict(folder / "results.json").get("version") != RESULTS_VERSION:
        raise UserError(
            f"{str(folder)!r} was drawn by an older erasepro, whose work list has another form: erasepro report shows its "
            "tables; to score it, run its own command again, which draws it anew."
        )
    check_signature(folder, results.signature)
    return RunFolder.at(folder.resolve(), signature), results  # its neighbours are looked at: `run=.` has some too
