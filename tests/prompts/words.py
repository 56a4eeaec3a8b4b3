"""A lexicon without a model: everyday words, and neighbours by their place in the list."""

from erasepro.config.schema import TemplatesConfig
from erasepro.prompts.lexicon import Lexicon

WORDS = (
    "the", "and", "dogs", "dog", "cat", "cats", "wolf", "puppy", "doggy", "car", "house", "tree", "snow", "city",
    "window", "beach", "room", "paper", "light", "white", "black", "painting", "style", "apple", "pineapple",
    "bird", "horse", "river", "mountain", "boat", "train", "bread", "cheese", "lamp", "chair", "table", "garden",
    "bridge", "road", "cloud", "sun", "moon", "star", "rock", "sand", "lake", "field", "flower", "grass", "leaf",
    "stone", "wall", "door", "roof", "floor", "ship", "plane", "bus", "truck", "bike", "nude", "naked", "girl",
    "monet", "picasso", "gogh", "vincent", "cathedral", "category", "concert",
)  # fmt: skip
KNOWN = TemplatesConfig(grammar="miniature", preserve_count=600)


def lexicon(words=WORDS, context=77):
    def nearest(names, number):
        return {name: tuple(words[(len(name) + i) % len(words)] for i in range(number)) for name in names}

    return Lexicon(tuple(words), nearest, lambda text: len(text.replace(",", " ,").split()) + 2, context)
