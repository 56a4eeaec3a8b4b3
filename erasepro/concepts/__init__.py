"""What is erased: concept pairs and sets, and the names that the miniature knows."""

from erasepro.concepts.load import check_known, load_concepts, parse_pairs, read_pairs
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair

__all__ = [
    "ConceptPair",
    "ConceptSet",
    "EditPrompts",
    "PromptPair",
    "check_known",
    "load_concepts",
    "parse_pairs",
    "read_pairs",
]
