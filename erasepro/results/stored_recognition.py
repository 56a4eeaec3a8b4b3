"""Recognition rates as they come back from JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from erasepro.results.recognition import RecognitionRates, Share


def read_recognition_rates(stored: Sequence[Mapping[str, Any]]) -> list[RecognitionRates]:
    """``results.recognition.RecognitionRates`` objects from their JSON (null was nan)."""
    names = [f.name for f in fields(RecognitionRates)]
    rates = []
    for record in stored:
        values = [record[name] for name in names]
        restored: list[Any] = [_share(value) if isinstance(value, Mapping) else value for value in values]
        rates.append(RecognitionRates(*restored))
    return rates


def _share(node: Mapping[str, Any]) -> Share:
    value = node["value"]
    return Share(math.nan if value is None else value, node["n"], node["stderr"])
