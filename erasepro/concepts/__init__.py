"""What is erased: concept pairs, the prompts about them, and how their tokens are paired."""

from erasepro.concepts.load import check_known, load_concepts, parse_pairs, read_pairs
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.safety.minors import drop_minors, mentions_minor
from erasepro.models.features.token_pairing import POLICIES, TokenPairs, pair_tokens
from erasepro.prompts.test_prompts import BuildSet, PromptPair, TemplatesConfig, TestPrompt, build_set, test_prompts

__all__ = [
    "POLICIES", "BuildSet", "ConceptPair", "ConceptSet", "PromptPair", "TemplatesConfig", "TestPrompt", "TokenPairs",
    "build_set", "check_known", "drop_minors", "load_concepts", "mentions_minor", "pair_tokens", "parse_pairs",
    "read_pairs", "test_prompts",
]  # fmt: skip
