"""Prompt sets: public benchmarks, local files and the project's own sentences, read, filtered, screened and hashed."""

from erasepro.config.prompt_sets import Columns, Filter, PromptSetConfig
from erasepro.prompts.sets.load import Prompts, load_prompts
from erasepro.prompts.sets.record import SetRecord, rows_hash

__all__ = ["Columns", "Filter", "PromptSetConfig", "Prompts", "SetRecord", "load_prompts", "rows_hash"]
