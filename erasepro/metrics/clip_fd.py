"""Fréchet distance between the two models' images on CLIP's image embeddings (Kynkäänniemi et al., arXiv 2203.06026)."""

from __future__ import annotations

from erasepro.metrics.configs import ClipFDConfig
from erasepro.metrics.fd_miniature import FDMiniature
from erasepro.metrics.registry import METRICS


@METRICS.register("clip_fd", config=ClipFDConfig)
class ClipFD(FDMiniature):
    """Fréchet distance to the original model's images on CLIP features (0: the same images). Not FID: another network.

    The embeddings are projected and not brought to length 1. Biased upwards for few images, so compare only equal n.
    ``stderr``: delete-a-block jackknife. With the miniature's own judge it is ``fd_miniature`` under this name: choose a CLIP.
    """
