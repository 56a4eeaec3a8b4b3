"""Prompt sets: public benchmarks, local files and the project's own sentences, read, filtered, screened and hashed."""

from erasepro.concepts.prompt_sets.config import Columns, Filter, PromptSetConfig
from erasepro.concepts.prompt_sets.load import Prompts, load_prompts
from erasepro.concepts.prompt_sets.record import SetRecord, rows_hash

__all__ = ["Columns", "Filter", "PromptSetConfig", "Prompts", "SetRecord", "load_prompts", "rows_hash"]
