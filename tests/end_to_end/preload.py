"""What a run of the miniature imports, so that the fork server's children need not."""

from importlib import import_module

for name in (
    "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion",
    "nudenet",
    "pyarrow.parquet",
    "scipy.linalg",
    "transformers.models.clip.modeling_clip",
    "erasepro.cli.main",
    "erasepro.config.hydra_setup",
    "erasepro.runs.run",
    "erasepro.report.run_tables",
):
    import_module(name)
for registry in (import_module("erasepro.metrics").METRICS, import_module("erasepro.solvers").SOLVERS):
    for name in registry.names():
        registry.get(name)
# what a command asks for once a process, whatever it is given
resolve = import_module("erasepro.runs.resolve").resolve
import_module("erasepro.runs.preset").nearest_preset(resolve(["solver=uce"]).stored.at("solver"))
