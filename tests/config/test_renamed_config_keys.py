"""A key's old name is answered with its new one."""

import pytest

from erasepro.config.renamed_config_keys import rename_key
from erasepro.errors import UserError
from erasepro.runs.resolve import compose


@pytest.mark.parametrize(
    ("override", "name"),
    [
        ("generation.max_kept=3", "generation.max_retain"),
        ("metrics.evaluator.kind=model", "metrics.judge"),
        ("tracker.images=3", "tracker.num_images"),
        ("tracker.patience=3", "tracker.shutdown_timeout"),
        ("prompts.templates.own=[seed]", "prompts.templates.use_row_settings"),
        ("prompts.templates.wordings=[plain]", "prompts.templates.phrasings"),
        ("metrics.params.fd_mini.blocks=3", "fd_miniature"),
    ],
)
def test_the_new_name_is_suggested(override, name):
    with pytest.raises(UserError, match=f"Unknown .*Did you mean '{name}"):
        compose([override])


def test_other_keys_stay():
    for key in (
        "generation.max_retain",
        "metrics.params.fd_miniature.blocks",
        "solver.own",
        "metrics.evaluators",
        "prompts.own",
    ):
        assert rename_key(key) == key
    assert rename_key("metrics.params.fd_mini.blocks") == "metrics.params.fd_miniature.blocks"
