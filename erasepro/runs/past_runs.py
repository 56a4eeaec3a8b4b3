"""What earlier runs of a model took, by which the next one is estimated: seconds, memory, bytes on the disk."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median

from erasepro.errors import UserError
from erasepro.results.results_json import Results
from erasepro.runs.job import Job
from erasepro.runtime.environment import machine

MOST = 40
"""Runs that are read, the last changed first."""


@dataclass(frozen=True)
class PastRuns:
    """The finished runs in a folder that drew with a model on this machine. Every number is None where no run tells it."""

    runs: tuple[tuple[Path, Results], ...]

    @classmethod
    def of(cls, job: Job) -> PastRuns:
        """The runs beside a job's folder of its model's weights, in its number format, those that can be read."""
        files = [(file.lstat().st_mtime_ns, file) for file in Path(job.spec.outputs.dir).glob("*/results.json")]
        wanted = (job.hashes["weights"], job.spec.model.dtype, job.spec.model.device, machine())
        return cls(tuple(run for run in _read(tuple(sorted(files, reverse=True)[:MOST])) if _drawn_by(run[1]) == wanted))

    def seconds_of_step(self, job: Job) -> float | None:
        """Seconds of one step of one image, of the job's size and with guidance or without it as in the job."""
        g = job.spec.generation
        rates = []
        for _, results in self.runs:
            drawn = results.stored.at("generation") or {}
            alike = drawn.get("size") == g.size and (drawn.get("guidance", 0) > 1) == (g.guidance > 1)
            work = results.counts.get("images_per_model", 0) * drawn.get("steps", 0)
            if alike and work:
                rates.append(results.stages.get("images", {}).get("seconds", 0.0) / work)
        return _median(rates)

    def seconds_of_edit(self, job: Job) -> float | None:
        """Seconds to load the model, solve and measure, of runs with the job's solver and number of pairs."""
        pairs = len(job.concepts.pairs)
        alike = [r for _, r in self.runs if r.stored.at("solver.name") == job.spec.solver_name]
        alike = [results for results in alike if len(results.stored.at("concepts.pairs") or ()) == pairs]
        return _median(sum(r.stages.get(stage, {}).get("seconds", 0.0) for stage in ("edit", "load model")) for r in alike)

    def seconds_of_score(self, job: Job) -> float | None:
        """Seconds to score the images of one row, of runs with the job's metrics."""
        names = set(job.spec.metrics.names)
        alike = [r for _, r in self.runs if set(r.stored.at("metrics.names") or ()) == names]
        rows = [(r.stages.get("scores", {}).get("seconds", 0.0), r.counts.get("images_per_model", 0)) for r in alike]
        return _median(seconds / number for seconds, number in rows if number)

    def peak(self, key: str) -> float | None:
        """The most MiB that a stage took (``peak_mib``: of the process; ``peak_gpu_mib``: of the accelerator)."""
        peaks = [stage[key] for _, results in self.runs for stage in results.stages.values() if stage.get(key)]
        return max(peaks, default=None)

    def bytes_of_image(self, job: Job) -> float | None:
        """Bytes of a picture's file, of those of the job's size that are kept."""
        size = job.spec.generation.size
        sizes = []
        for folder, results in self.runs:
            if results.stored.at("generation.size") == size:
                sizes += [path.stat().st_size for path in sorted((folder / "images" / "edited").glob("*.png"))[:100]]
        return sum(sizes) / len(sizes) if sizes else None

    def bytes_of_edit(self, job: Job) -> float | None:
        """Bytes of an edit, of runs with the job's solver and number of pairs."""
        pairs, sizes = len(job.concepts.pairs), []
        for folder, results in self.runs:
            alike = results.stored.at("solver.name") == job.spec.solver_name
            if alike and len(results.stored.at("concepts.pairs") or ()) == pairs:
                sizes.append(sum(path.stat().st_size for path in (folder / "edit").glob("*") if path.is_file()))
        return _median(sizes)


@lru_cache(maxsize=2)
def _read(files: tuple[tuple[int, Path], ...]) -> tuple[tuple[Path, Results], ...]:
    """The runs whose results can be read, by (time of change, file): the jobs of one sweep ask for the same."""
    runs = []
    for _, file in files:
        with suppress(UserError, OSError):
            runs.append((file.parent, Results.load(file)))
    return tuple(runs)


def _drawn_by(results: Results) -> tuple[object, ...]:
    """What decides how long a run takes: weights, number format, device, machine."""
    stored = results.stored
    return results.hashes.get("weights"), stored.at("model.dtype"), stored.at("model.device"), results.machine


def _median(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return median(numbers) if numbers else None
