"""``erasepro help [VERB]``: every verb, the groups of settings, and examples; or the lines about one verb."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from erasepro.cli.verbs import VERBS
from erasepro.config.paths import groups
from erasepro.errors import UserError, unknown

HELP = """\
erasepro: erase concepts from text-to-image models, and measure what is gone and what is kept.

  erasepro [group=option] [key=value] …      compose a config and run it (the same command resumes a stopped run)
  erasepro -m key=a,b …                      one run for each combination
  erasepro --cfg [overrides]                 print the composed config, run nothing
  erasepro ls solvers|concepts|models|metrics|prompts|protocols|schedules|experiments|trackers|vocabulary
  erasepro edit [overrides] [out=FOLDER] [force=true]  an edit only, without the denoiser; force replaces an edit there
  erasepro score DIR [metrics=[…]] [protocol=…]  count again, or more, on a run's images; what is there is kept
  erasepro status [DIR…]                     which runs lie in outputs/, and how far each is
  erasepro report DIR… [figure=FILE]         print the tables of a finished run; one table over all of several
  erasepro grid RUN… [out=FILE] [rows=N] [across=N]  the pictures of several runs side by side, same prompts and seeds
  erasepro verify DIR model=… | edited=FOLDER  recompute what a saved edit states (write=true: certify it)
  erasepro export DIR format=lora|kohya|diffusers|single_file out=PATH [base=PATH] [rank=N] [strength=S]
  erasepro tune [solver=a,b] [sets=[…]] [trials=N] [pictures=N] [hours=H] [out=FOLDER] [write=true]  search settings
  erasepro help [VERB] | --help | --version
  erasepro help tables                       what the words in the tables mean

Groups (choose with group=option):
{groups}

Examples:
  erasepro                                           dog -> cat in the miniature, with ErasePro
  erasepro 'concepts.pairs=[[dog,cat],[apple,pear]]' solver=uce
  erasepro concepts.file=pairs.csv                   a CSV with the header target,anchor
  erasepro model=sd15 model.source=/path/to/model concepts=style/van_gogh generation=stable_diffusion
  erasepro -m solver=erasepro,uce generation.seeds=[0,1,2]
  erasepro experiments=demo
  erasepro debug=tiny                                the whole job on random weights, in seconds

Results: outputs/<name>-<signature>/results.json, with the edit, the images and a before/after grid beside it.
"""


def command(words: Sequence[str]) -> int:
    """Print the help, of one verb where one is named. Raises UserError for more than one word, or one that is no verb."""
    if len(words) > 1:
        raise UserError("help takes one verb: erasepro help [VERB].")
    if not words:
        return print_help()
    if words[0] == "tables":
        from erasepro.report.terms import terms_page

        print(terms_page())
        return 0
    if words[0] not in VERBS:
        raise unknown("verb", words[0], VERBS)
    return print_verb(words[0])


def print_help() -> int:
    """Every verb, the groups with their options, examples."""
    options = {group: names for group, names in groups().items() if names}
    width = max(len(group) for group in options)
    lines = []
    for group, names in options.items():
        shown = textwrap.shorten(", ".join(names), 90, placeholder=f" … ({len(names)}: erasepro ls)")
        lines.append(f"  {group:<{width}}  {shown}")
    print(HELP.format(groups="\n".join(lines)), end="")
    return 0


def print_verb(verb: str) -> int:
    """The lines of the help about one verb."""
    lines = [line.strip() for line in HELP.splitlines() if line.startswith(f"  erasepro {verb} ")]
    print("\n".join([*lines, "", "erasepro --help: every verb, the groups of settings, and examples."]))
    return 0
