"""What the words in the tables mean: ``erasepro help tables``."""

from __future__ import annotations

from erasepro.runtime.terminal import definition_list, terminal_width, wrapped

POINTER = "What the words mean: erasepro help tables"
"""The line under a run's tables."""

TERMS = {
    "target": "a concept that is erased; target prompts name it.",
    "anchor": "the concept that is drawn in a target's place. Its own prompts name it, and must go on showing it.",
    "retain": "prompts about other concepts, which must stay as they are.",
    "synonym": "another word for a target (puppy for dog). One that the edit was not made for may stay: "
    "concepts.synonyms={dog: [puppy]} with templates.fit_synonyms=true erases it too.",
    "plain, complex, paraphrase": "wordings of the test prompts: one clause; several, with scene, light or style; an everyday "
    "sentence around the concept. all: every wording together, prompt sets too.",
    "n": "images that a number is of.",
    "original": "what the original model's images show: the share with the prompt's concept, from the same prompts and seeds.",
    "concept shown": "share of the edited model's images in which the judge sees the prompt's concept (older runs: own). "
    "↓ on target and synonym prompts, where it is what the erasure left; ↑ elsewhere.",
    "retention": "concept shown, edited model over original, of the images that both have. Above 1 where the edited model is "
    "recognised more often.",
    "anchor shown": "share of images that show the anchor instead of the target.",
    "unrecognised": "share of images in which the judge names nothing; they count as no concept.",
    "other": "share of images that show something else. concept shown, anchor shown, unrecognised and other add to 1.",
    "±": "one standard error over prompts, as images of one prompt are alike; over runs √(Σ se²) / runs.",
    "[a–b]": "an interval in place of ±, which would pass what the number can be: of a share Wilson's, at one standard error "
    "(about two in three such intervals hold the true share); of other numbers ± cut at 0.",
    "{a–b}": "a 95 % interval of a mean over runs, by bootstrap over their concept pairs, in place of ±. Of few pairs it is "
    "too narrow: six are the least.",
    "unscored": "images that the judge named nothing in, or that could not be drawn or read. Paired tests leave them out and "
    "count them: they never count as an absent concept.",
    "paired tests": "two methods on the same prompts and seeds: the mean difference an image, its 95 % interval, and the p of "
    "flipping the signs of whole clusters (concept pairs; prompts, where there are fewer than six pairs). p (Holm): corrected "
    "for the number of rivals.",
    "(…)": "in a table over several runs, the worst of them.",
    "↑, ↓": "which way a number is better; where neither stands, it ranks nobody.",
    "bold, underlined": "the best and the second best of a column: erasepro report … format=latex, markdown or html.",
    "published, Δ": "what a paper states, and ours minus it.",
    "protocol": "how papers count, as name/version; +modified(key) where a key that it fixes was changed.",
    "method": "the preset of conf/solver that a run's solver is, and the keys that were changed in it.",
    "relative residual": "‖WX − V‖ / ‖V‖: how far an edited weight W maps the inputs X from what it should, V. 0: exact.",
    "exactly constrained columns": "the selected columns: those of X that the solve was held to exactly, the worst site's "
    "residual. Read it with their share: a solver may hold few, or (not exact) none.",
    "all fitting columns": "the same over every column of the sentences that the edit was built from.",
    "held-out sentences": "the same over sentences about the targets that the edit never saw, from the concept's last token to "
    "the end: the same columns for every method. test prompts: likewise.",
    "drift": "‖W K − W_o K‖ / ‖W_o K‖: how far keys and values of other sentences were moved, those that the edit preserves "
    "and those that it does not.",
    "rank": "columns stored of a layer's change.",
    "‖ΔW‖/‖W‖": "the size of a layer's change over that of its weight. It may well be above 1, along directions that "
    "hardly any sentence uses: drift says what it does to others.",
    "distance to anchor, gap left": "how far the target prompts' hidden state is from the anchor prompts' in the original "
    "model, after a layer, over the latter's size.",
    "stages": "what a run did, and how long each took. peak MiB: of the whole process until then.",
}
"""Term -> what it means; tables, notes and headings use no other."""


def terms_page() -> str:
    """Every term with a line about it, as wide as the terminal."""
    width = terminal_width()
    first = wrapped("The words in the tables of a run, of erasepro report and of a sweep.", width)
    last = wrapped("More: docs/reading_results.md. Metrics: erasepro ls metrics.", width)
    return f"{first}\n\n{definition_list(TERMS, width)}\n\n{last}"
