"""One metric a file; each is update/compute, and says n, its standard error and which way is better."""

from erasepro.metrics.base import METRICS, Batch, Metric, Score, split_by_need
from erasepro.metrics.build import build_metrics
from erasepro.metrics.score import Scored, score

__all__ = ["METRICS", "Batch", "Metric", "Score", "Scored", "build_metrics", "score", "split_by_need"]
