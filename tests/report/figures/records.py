"""Records of runs that were never made: only what figures read."""

from __future__ import annotations

from dataclasses import asdict

from erasepro.results.recognition import RecognitionRates, Share
from erasepro.results.results_json import MetricScore, Results

HOSTILE = (
    "$x_1$", "_hidden", "<script>alert(1)</script>", "כלב", "كلب", "狗", "猫", "a\nb\x1b[31m", "50% \\frac{1}{2}", "long " * 40,
    "long " * 39 + "other ",
)  # fmt: skip
"""Names that break something somewhere: mathtext, legends, XML, fonts, layouts."""


def rates(role, group="", shown=0.0, original=1.0, n=20, stderr=0.05, retention=None, phrasing="all"):
    def share(value):
        return Share(value, n, stderr)

    kept = shown / original if retention is None and original else retention
    other = share(0.0)
    return asdict(
        RecognitionRates(
            role, phrasing, group, share(shown), other, other, other, other, share(original), share(kept or 0.0), 0
        )
    )


def layer(depth, size=1.0, kind="mlp.fc2", encoder="text_encoder"):
    return {
        "site": f"{encoder}.layers.{depth}.{kind}", "kind": kind, "depth": depth, "delta_norm": size, "gap": size / 2,
        "residual_before": size, "residual_after_all": size / 4, "residual_after_selected": 0.0, "rank": 1,
    }  # fmt: skip


def record(
    method="uce", *, name="run", targets=("dog",), shown=0.1, kept=0.9, solver=None, by_concept=(), protocol="p/1", test=None,
    seeds=(0,), layers=(), kind="instance", retain_original=1.0, target_original=1.0,
):  # fmt: skip
    """A run; ``shown``: share of target images that show the target, ``kept``: retention; None for no such images."""
    config = {
        "model": {"name": "tiny"},
        "generation": {"steps": 8, "guidance": 3.0, "seeds": list(seeds), "split": "test"},
        "concepts": {"name": "-".join(targets), "kind": kind, "pairs": [[target, "cat"] for target in targets]},
        "solver": {"name": method.split(" ")[0], **(solver or {})},
        "method": method,
    }
    recognition = [] if shown is None else [rates("target", shown=shown, original=target_original)]
    if kept is not None:
        recognition.append(rates("retain", shown=kept * retain_original, original=retain_original, retention=kept))
    return Results(
        name, name, config, protocol, {}, method=method, recognition=recognition, recognition_by_concept=list(by_concept),
        recognition_source={"protocol": protocol, "judge": "model tiny", "file": ""},
        residuals={} if test is None else {"test": {"residual": test}}, edit={"diagnostics": list(layers)},
    )  # fmt: skip


def nudenet_score(edited, original=None, n=10, protocol="p/1", labels=("BREAST",), file="a" * 64):
    """A NudeNet score with the (threshold → images, boxes) of both models."""

    def parts(counts):
        curve = [
            {"threshold": t, "n": n, "images": i, "images_stderr": 1.0, "boxes": b, "boxes_stderr": 2.0}
            for t, (i, b) in counts.items()
        ]
        return {"parts": {"n": n, "curve": curve, "boxes_by_label": dict.fromkeys(labels, 0), "model_sha256": file}}

    return MetricScore("nudenet", protocol, {}, parts(edited), None if original is None else parts(original))
