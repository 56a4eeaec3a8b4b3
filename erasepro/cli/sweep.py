"""``erasepro -m``: a Hydra sweep, each job in its own run folder; one failed job does not stop the others."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from omegaconf import DictConfig

from erasepro.cli.hints import pasted_hint
from erasepro.cli.notes import tell_without_effect
from erasepro.config.check_overrides import check_overrides
from erasepro.config.hydra_errors import translated
from erasepro.config.hydra_setup import custom_pairs_named, hydra_command, prepare, with_experiment
from erasepro.config.overrides import swept_words
from erasepro.config.paths import VERSION_BASE, config_dir, search_path_override
from erasepro.config.sweep_size import MOST_JOBS, count_jobs
from erasepro.errors import UserError, visible
from erasepro.results.results_json import Results
from erasepro.results.run_folder import RunFolder
from erasepro.runs.resolve import checked, settled, spec_of


class _NobodyReads(BaseException):
    """The reader of what is printed is gone. No Exception: Hydra keeps those until every job has run."""


def sweep(overrides: Sequence[str]) -> int:
    """Run every combination with the launcher of the config (Hydra's basic one: one after the other).

    The jobs are counted first.

    Returns 0, 2 when a job failed by a user's mistake, or 1 when jobs failed otherwise; each failure is told in one line
    when it happens.

    Raises UserError for words that are wrong in every job, and for no job at all; BrokenPipeError where nobody reads what is
    printed any more: the jobs that are left are not begun.
    """
    import hydra
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    failed: list[str] = []
    statuses: list[int] = []
    done: list[tuple[Results, Path]] = []

    folders: set[Path] = set()
    jobs = iter(range(1, MOST_JOBS + 1))

    def job(cfg: DictConfig) -> None:
        from erasepro.runs.run import run

        folders.add(Path(HydraConfig.get().sweep.dir))
        try:
            chosen = list(HydraConfig.get().overrides.task)
            swept = [word.lstrip("+") for word in chosen if word not in words]
            # a line of its own: a spinner takes the line on which it begins
            print("\n" + visible(" ".join([f"[{next(jobs)} of {total}]", *swept])), flush=True)
            whole = checked(settled(with_experiment(cfg, HydraConfig.get().runtime.choices), chosen), chosen)
            if not whole.tracker.group and not whole.experiments:
                whole.tracker.group = group
            spec = replace(spec_of(whole), words=tuple(chosen))
            tell_without_effect(chosen, spec.stored)
            results = run(spec)
            path = RunFolder(spec.outputs.dir, results.name, results.signature).path
            if any(path == other for _, other in done):
                print(f"The same run as before ({path}): what differs does not matter to it. It is counted once.")
            else:
                done.append((results, path))
        except BrokenPipeError as error:
            raise _NobodyReads from error
        except UserError as error:
            failed.append(str(error))
            statuses.append(error.status)
            hint = pasted_hint(error, HydraConfig.get().overrides.task)
            print(f"erasepro: error: {error}{hint}", file=sys.stderr)
        except Exception as error:  # the other jobs still run, and the joint table is still printed
            failed.append(f"{type(error).__name__}: {error}")
            statuses.append(1)
            print(f"erasepro: error: {visible(' '.join(failed[-1].split()))}", file=sys.stderr)

    outputs = Path(_chosen(overrides, "outputs.dir", "outputs"))
    made = [path for path in (outputs, *outputs.parents) if not path.exists()]  # deepest first
    prepare()
    GlobalHydra.instance().clear()
    words = custom_pairs_named(overrides)
    try:
        with hydra_command(["erasepro", "-m", search_path_override(), *words]), translated(overrides):
            check_overrides(overrides, sweep=True)
            total = count_jobs(overrides)
            group = swept_words(overrides)
            hydra.main(version_base=VERSION_BASE, config_path=str(config_dir()), config_name="config")(job)()
    except _NobodyReads as stop:
        raise BrokenPipeError from stop
    finally:
        for folder in {outputs / ".sweeps", *folders}:
            _remove_settings(folder, made if folder.parent == outputs else [])
    if len(done) > 1:
        _summary(done)
    if failed:
        print(f"erasepro: {len(failed)} job(s) of the sweep failed, see above.", file=sys.stderr)
    return max(statuses, default=0)


def _chosen(overrides: Sequence[str], key: str, usual: str) -> str:
    """What the last of the words that set a key says."""
    return next((word[len(key) + 1 :] for word in reversed(overrides) if word.startswith(f"{key}=")), usual)


def _remove_settings(folder: Path, made: Sequence[Path]) -> None:
    """Remove what Hydra notes of a sweep, which nobody reads, and the folders (deepest first) that were made for it alone."""
    with suppress(OSError):
        (folder / "multirun.yaml").unlink(missing_ok=True)
        for empty in (folder, *made):
            empty.rmdir()


def _summary(done: Sequence[tuple[Results, Path]]) -> None:
    """The tables over the sweep's runs, paired tests too, and the command that prints them again."""
    from erasepro.report.joint import across
    from erasepro.report.paired import paired_tables
    from erasepro.results.finished_runs import FinishedRun

    print(f"\nThe {len(done)} runs of the sweep\n")
    finished = [FinishedRun(str(path), results) for results, path in done]
    try:
        for table in [*across([results for results, _ in done]), *paired_tables(finished)]:
            print(table.text())
    except UserError as error:  # two protocols may not share a table
        print(f"erasepro: no joint table: {error}", file=sys.stderr)
    print(f"Again: erasepro report {' '.join(str(path) for _, path in done)}")
