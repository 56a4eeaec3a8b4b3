"""The stored options compose, and every metric they name can be built from them."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from erasepro.config.schema import GenerationConfig, MetricsConfig
from erasepro.errors import UserError
from erasepro.metrics import METRICS
from erasepro.metrics.engine.base import Metric
from erasepro.metrics.engine.build import build_metrics, metric_configs
from erasepro.metrics.kid import KIDConfig

CONF = Path(__file__).parents[2] / "conf"


@pytest.mark.parametrize("group", ["generation", "metrics"])
def test_every_option_composes_and_fits_its_schema(group):
    schema = {"generation": GenerationConfig, "metrics": MetricsConfig}[group]
    options = sorted(p.stem for p in (CONF / group).glob("*.yaml"))
    assert "default" in options
    for option in options:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            found = compose(config_name=f"{group}/{option}")[group]
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(schema), found))
        if group == "metrics":
            assert list(build_metrics(config.names, metric_configs(config.params))) == config.names


def test_our_metrics_are_registered():
    assert {
        "clip_accuracy_pairwise",
        "clip_accuracy_top1",
        "clip_probability",
        "fd_miniature",
        "kid",
        "nudenet",
    } <= set(METRICS.names())


@pytest.mark.parametrize("name", ["fid", "kid", "object_accuracy", "perceptual_change"])
def test_every_setting_can_be_overridden_on_the_command_line(name):
    """The stored options name every setting; their values are the dataclass's own defaults."""
    config = METRICS.config(name)
    assert OmegaConf.load(CONF / "metrics" / "default.yaml").params[name] == OmegaConf.structured(config())


@pytest.mark.parametrize(("config", "message"), [(None, "registered without a config"), (KIDConfig, "lacks .*compute, update")])
def test_a_metric_that_is_half_made_is_one_line(config, message):
    class Half(Metric):
        """A metric."""

    METRICS.register("half_made", config)(Half)
    try:
        with pytest.raises(UserError, match=f"'half_made' .*{message}"):
            build_metrics(["half_made"])
    finally:
        METRICS._entries.pop("half_made")
        METRICS._configs.pop("half_made", None)
