"""One metric a file; each is update/compute, and says n, its standard error and which way is better."""

from erasepro.metrics.registry import METRICS

__all__ = ["METRICS"]
