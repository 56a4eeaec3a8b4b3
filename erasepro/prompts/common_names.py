"""Other concepts and styles of real models: what an edit must leave alone, to be preserved (styles) and measured (both).

Everyday nouns of many kinds, painters, and media. Facts only; no model's word list.
"""

from __future__ import annotations

CONCEPTS = (
    "car", "bird", "tree", "house", "horse", "flower", "boat", "chair", "guitar", "apple", "train", "bicycle",
    "mountain", "clock", "bridge", "cup", "elephant", "airplane", "pizza", "lamp", "castle", "shoe", "butterfly", "robot",
)  # fmt: skip
"""Measured beside the anchor where a set names no concepts to preserve."""

ARTISTS = (
    "pablo picasso", "claude monet", "leonardo da vinci", "rembrandt", "johannes vermeer", "edvard munch",
    "gustav klimt", "henri matisse", "paul cezanne", "frida kahlo", "andy warhol", "salvador dali", "vincent van gogh",
    "hokusai", "michelangelo", "caravaggio", "edgar degas", "paul gauguin", "georges seurat", "wassily kandinsky",
    "joan miro", "marc chagall", "jackson pollock", "edward hopper", "rene magritte", "egon schiele", "william turner",
    "francisco goya", "diego velazquez", "hieronymus bosch", "albrecht durer", "sandro botticelli", "el greco",
    "auguste rodin", "alphonse mucha", "roy lichtenstein", "keith haring", "banksy", "greg rutkowski", "thomas kinkade",
)  # fmt: skip
MEDIA = (
    "watercolor", "oil painting", "pencil sketch", "charcoal", "pastel", "ink drawing", "woodcut", "etching", "collage",
    "pixel art", "3d render", "comic book", "anime", "cartoon", "photograph", "low poly", "line art", "mosaic",
    "stained glass", "graffiti", "vector art", "impressionism", "cubism", "art nouveau", "surrealism", "pop art",
)  # fmt: skip
MEASURED_STYLES = (
    "pablo picasso", "rembrandt", "edvard munch", "gustav klimt", "hokusai", "watercolor", "pencil sketch", "pixel art",
)  # fmt: skip
"""Measured beside the anchor where a style set names no styles to preserve."""
