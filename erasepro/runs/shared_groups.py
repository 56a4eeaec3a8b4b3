"""The config groups that all solvers and metrics share, checked before the code of any of them is imported.

Solvers and metrics need libraries that take seconds to import. Whoever mistypes a shared key, or names a file that is not
there, is told before that.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from erasepro.concepts.load import load_concepts, parse_pairs
from erasepro.config.expected_values import check_lists
from erasepro.config.hydra_errors import translated
from erasepro.config.schema import Config
from erasepro.config.shared_values import check_type, shared_values, typed_values
from erasepro.config.stored_config import StoredConfig
from erasepro.models.source import local_folder, single_file
from erasepro.prompts.edit_prompts import check_sentences
from erasepro.prompts.preserved_sentences import named_files, read_sentences
from erasepro.prompts.sets.hub import local_file
from erasepro.prompts.sets.load import check_set
from erasepro.prompts.sets.read import read_table
from erasepro.runs.check_values import check_texts, check_values, refuse_old_values
from erasepro.schedules.config import ScheduleConfig


def check_command(overrides: Sequence[str], inputs: bool = False) -> None:
    """Raise UserError for what is wrong with the shared groups that overrides describe, or for a metric that there is not.

    Where torch is loaded already nothing would be saved, and nothing is done: the whole config is checked later.

    Args:
        inputs: whether the files that a run reads first are looked for too.
    """
    if "torch" in sys.modules:
        return
    values = shared_values(overrides)
    if values is None:
        return
    with translated(overrides):
        check_stored_values(values)
    config = typed_values(values, overrides)
    check_lists(config)
    check_values(config)
    if inputs:
        check_inputs(config)


def check_stored_values(values: StoredConfig) -> None:
    """Raise UserError, or omegaconf's errors, for what the typed config's own messages would not name the key of."""
    check_texts(values)
    refuse_old_values(values)
    parse_pairs(values.at("concepts.pairs"))  # its messages show the form
    if values.at("schedule") is not None:
        check_type("schedule", ScheduleConfig, values.at("schedule"))  # first: the solver holds a copy


def check_inputs(config: Config) -> None:
    """Raise UserError for names and sentences that do not fit, and for files of a model or of texts that are not there."""
    concepts = load_concepts(config.concepts, "miniature" if config.model.kind == "miniature" else "open")
    check_sentences(concepts, config.templates)
    if config.model.kind == "diffusers" and single_file(config.model) is None:
        local_folder(config.model)
    for source in named_files(config.templates) if config.templates.grammar == "open" else ():
        if not Path(source).expanduser().is_file():
            read_sentences(source)  # it says what is wrong
    for name, prompt_set in config.prompts.items():
        check_set(name, prompt_set)
        file = None if prompt_set.kind == "templates" else prompt_set.file
        if file is not None and not Path(file).expanduser().is_file():
            read_table(Path(file).expanduser(), f"prompts.{name}.file")  # it says what is wrong
        needs_file = prompt_set.kind != "templates" and not (prompt_set.kind == "names" and prompt_set.names)
        if needs_file and file is None and not (prompt_set.source and prompt_set.source_file):
            local_file(name, prompt_set)  # it says which key takes one
