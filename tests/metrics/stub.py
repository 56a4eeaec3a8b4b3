"""A stand-in for the judge: it reads the concept off the first pixel, so that answers can be counted by hand."""

from dataclasses import dataclass

import torch

CONCEPTS = ["dog", "cat", "apple"]
STYLES = ["ink", "noto"]
NONE = 9  # a first pixel of 9 cannot be named


@dataclass
class Prediction:
    concept: list
    style: list
    concept_prob: torch.Tensor
    concepts: list


class StubJudge:
    """Pixel (0, 0): red = index of the concept, green = index of the style. Features: the axis of that concept."""

    def classify(self, images):
        red, green = images[:, 0, 0, 0].tolist(), images[:, 1, 0, 0].tolist()
        prob = torch.full((len(images), 3), 0.1)
        for i, r in enumerate(red):
            if r != NONE:
                prob[i, r] = 0.8
        concept = [None if r == NONE else CONCEPTS[r] for r in red]
        style = [None if r == NONE else STYLES[g] for r, g in zip(red, green, strict=True)]
        return Prediction(concept, style, prob, CONCEPTS)

    def image_features(self, images):
        concepts = torch.eye(5)[images[:, 0, 0, 0].long().clamp(max=2)]
        styles = torch.eye(5)[3 + images[:, 1, 0, 0].long()]
        return torch.nn.functional.normalize(concepts + 0.5 * styles, dim=-1)

    def text_features(self, texts):
        axes = [*CONCEPTS, *STYLES]
        return torch.stack([sum(torch.eye(5)[axes.index(w)] for w in text.split() if w in axes) for text in texts])

    def fd_features(self, images):
        return images.float().flatten(1)[:, 1:7] / 255


def picture(concept, style=0, seed=0):
    """(3, 4, 4) noise that shows CONCEPTS[concept] in STYLES[style]; NONE: nothing."""
    image = torch.randint(0, 256, (3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))
    image[0, 0, 0], image[1, 0, 0] = concept, style
    return image
