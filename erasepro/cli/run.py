"""One run from its options: made, or only its config or its plan shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from erasepro.cli.notes import tell_without_effect
from erasepro.cli.options import Options
from erasepro.errors import UserError, visible
from erasepro.runtime.progress import stage

if TYPE_CHECKING:
    from erasepro.runs.kept_config import KeptConfig
    from erasepro.runs.spec import RunSpec


def run_options(options: Options) -> int:
    """Do what the options of a command say. Returns the exit status; raises UserError for a user's mistake."""
    if options.multirun and (options.shown or options.dry):
        from erasepro.cli.sweep_list import list_jobs, plan_jobs

        return plan_jobs(options.overrides) if options.dry else list_jobs(options)
    if options.shown in ("hydra", "all") and options.config is not None:
        raise UserError("A stored config has no part of Hydra's: --cfg job prints it.")
    if options.shown:
        return show_config(options)
    if options.dry:
        return show_plan(options)
    if options.multirun:
        from erasepro.cli.launched_sweep import launched, sweep_by_launcher

        if launched(options.overrides):
            return sweep_by_launcher(options.overrides)
        with stage("Loading libraries", announced=False):
            from erasepro.cli.sweep import sweep

        return sweep(options.overrides)
    return run_stored(options) if options.config is not None else run_one(options.overrides)


def run_one(overrides: list[str]) -> int:
    """Compose and run one job, or print again what it has given before."""
    from erasepro.runs.finished_command import FinishedCommand

    command = FinishedCommand(overrides)
    if command.reprint():
        return 0
    command.watch()
    from erasepro.runs.shared_groups import check_command

    check_command(overrides, inputs=True)
    from erasepro.runs.resolve import resolve

    spec = resolve(overrides)  # before torch is imported, which takes most of a mistake's time
    command.notes = tell_without_effect(overrides, spec.stored)
    with stage("Loading libraries", announced=False):
        from erasepro.runs.run import run
    with command.at_work():
        run(spec)
    return 0


def run_stored(options: Options) -> int:
    """Run what a stored config describes, with overrides over it."""
    spec = spec_of_options(options)
    from erasepro.runs.run import run

    run(spec)
    return 0


def spec_of_options(options: Options) -> RunSpec:
    """The `RunSpec` that options describe; notes on them are printed."""
    if options.config is None:
        from erasepro.runs.shared_groups import check_command

        check_command(options.overrides, inputs=options.dry)
        from erasepro.runs.resolve import resolve

        spec = resolve(options.overrides)
    else:
        from dataclasses import replace

        with stage("Loading libraries", announced=False):
            from erasepro.runs.command_line import CommandLine, other_version
            from erasepro.runs.rerun import rerun_spec

        spec = rerun_spec(options.config, options.overrides)
        before = CommandLine.read(options.config.parent).words or ["--config", str(options.config)]
        spec = replace(spec, words=(*before, *options.overrides))
        note = other_version(options.config.parent)
        if note:
            print(f"erasepro: note: {visible(note)}", file=sys.stderr)
    tell_without_effect(options.overrides, spec.stored)
    return spec


def show_plan(options: Options) -> int:
    """Print what the run would do and take; nothing runs, nothing is written. Returns 0."""
    from erasepro.runs.plan import lines_of, make_plan
    from erasepro.runtime.quiet import quiet

    quiet()
    spec = spec_of_options(options)
    print("\n".join([*lines_of(make_plan(spec)), "Nothing was run, and nothing written."]))
    return 0


def show_config(options: Options) -> int:
    """Print the composed, checked config as yaml, with the pairs of a concepts file in it; nothing runs. Returns 0."""
    from erasepro.runs.kept_config import KeptConfig

    words = [*options.overrides, "--cfg", options.shown, *([str(options.config)] if options.config else [])]
    kept = KeptConfig(words)
    if options.config is None and kept.reprint():
        return 0
    kept.watch()
    text, notes = "", list[str]()
    if options.shown != "hydra":
        text, notes = _job_text(options, kept)
    if options.shown != "job":
        from erasepro.config.composed_config import hydra_part
        from erasepro.runs.shared_groups import check_command

        check_command(options.overrides)
        text = hydra_part(options.overrides) + text
    print(text, end="")
    if options.config is None:
        kept.keep(text, notes)
    return 0


def _job_text(options: Options, kept: KeptConfig) -> tuple[str, list[str]]:
    """The run's own part of the config as yaml, and the notes that were printed on it."""
    from erasepro.concepts.load import load_concepts

    if options.config is not None:
        from erasepro.config.nodes import yaml_text

        return yaml_text(spec_of_options(options).stored), []
    from omegaconf import OmegaConf

    from erasepro.runs.shared_groups import check_command

    check_command(options.overrides)
    from erasepro.runs.resolve import compose, spec_of

    cfg = compose(options.overrides)
    spec = spec_of(cfg)  # what a run would refuse
    kept.watch(spec, asks_hub=False)
    if spec.concepts.file:
        concepts = load_concepts(spec.concepts, spec.vocabulary)
        OmegaConf.update(cfg, "concepts.pairs", [[pair.target, pair.anchor] for pair in concepts.pairs])
    notes = tell_without_effect(options.overrides, spec.stored)
    return OmegaConf.to_yaml(cfg), notes
