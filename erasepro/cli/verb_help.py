"""What ``erasepro help VERB`` says: usage, meaning, own words with their defaults, and examples, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VerbHelp:
    """One verb's help."""

    usage: str
    """Behind ``erasepro``."""
    summary: str
    """One line, for the overview."""
    words: tuple[tuple[str, str, str], ...]
    """(word, default or "", meaning) of the verb's own words."""
    examples: tuple[str, ...]
    more: str = ""
    """What else there is to know."""


RUN = VerbHelp(
    "[group=option] [key=value] …",
    "compose a config and run it; the same command resumes a run that was stopped",
    (
        ("-m, --multirun", "", "one run for each combination of the values that the words give: solver=uce,oce"),
        ("--cfg, -c", "job", "print the config and run nothing: job (the run's), hydra, or all; with -m the list of the runs"),
        ("--dry-run", "", "tell runs, images, seconds, memory, disk and what is reused; run and write nothing"),
        ("--config FILE", "", "take a run's stored config.yaml in place of the defaults; words go over it"),
        ("--version", "", "print the version"),
    ),
    (),
)
"""A run, which has no verb."""

VERB_HELP = {
    "ls": VerbHelp(
        "ls KIND",
        "list what a config can name, with a line about each",
        (
            (
                "KIND", "", "solvers, concepts, models, metrics, prompts, protocols, schedules, experiments, trackers, "
                "generation, templates, debug or vocabulary (what the miniature draws); "
                "without it, the kinds there are",
            ),
        ),
        ("erasepro ls solvers", "erasepro ls concepts"),
    ),
    "edit": VerbHelp(
        "edit [overrides] [out=FOLDER] [force=true]",
        "an edit only, without the denoiser; force replaces an edit there",
        (
            ("out=FOLDER", "outputs/<name>-edit", "where the edit goes"),
            ("force=true", "false", "replace an edit that lies there, and files of its names"),
        ),
        ("erasepro edit model=sdxl model.source=FOLDER 'concepts.pairs=[[\"Van Gogh\",artist]]' out=EDIT",),
        "Other words are the config's: erasepro help lists the groups.",
    ),
    "score": VerbHelp(
        "score DIR [metrics=[…]] [protocol=…]",
        "count again, or more, on a run's images; what is there is kept",
        (
            ("metrics=[…]", "the run's", "metrics by name, or a set of them: metrics=nudity"),
            ("metrics.params.NAME.KEY=…", "the metric's", "a metric's setting"),
            ("protocol=…", "the run's", "how a paper counts"),
            ("tracker=…", "the run's", "where the numbers are logged"),
        ),
        ("erasepro score outputs/RUN 'metrics=[nudenet]' protocol=ace",),
    ),
    "rerun": VerbHelp(
        "rerun DIR [group=option] [key=value] … [--cfg] [--dry-run]",
        "run again what a run's folder stores, or with some settings changed",
        (
            ("group=option", "as stored", "takes the place of the whole group"),
            ("key=value", "as stored", "changes one value"),
            ("--cfg", "", "print the config, run nothing"),
            ("--dry-run", "", "tell what the run would do and take"),
        ),
        ("erasepro rerun outputs/RUN", "erasepro rerun outputs/RUN solver=uce_best generation.seeds=[3,4]"),
        "Settings and pairs are those of the folder's config.yaml, whatever the configs say today; a line tells of a run that "
        "another version made. erasepro --config FILE does the same with a config that lies elsewhere.",
    ),
    "status": VerbHelp(
        "status [DIR…]",
        "which runs lie in outputs/, and how far each is",
        (("DIR", "outputs", "a run's folder, one that holds runs, or a study's"),),
        ("erasepro status", "erasepro status outputs/RUN"),
    ),
    "report": VerbHelp(
        "report DIR… [format=…] [out=PATH] [figure=FILE] [kind=…] [x=KEY]",
        "print the tables of a finished run; one table over all of several",
        (
            ("format=…", "by out's ending, or text", "text, markdown, html, latex (a fragment for \\input) or csv"),
            ("out=PATH", "", "a file in place of the terminal, or with a slash behind it a folder: a file a table"),
            ("figure=FILE", "", "a figure (.pdf, .png or .svg), and its numbers in tables"),
            ("kind=…", "depth", "depth, pareto, concepts, dose, thresholds or interference"),
            ("x=KEY", "what differs", "of kind=dose: the setting on the x axis"),
        ),
        (
            "erasepro report outputs/RUN",
            "erasepro report outputs/RUN outputs/RUN2 out=table.tex",
            "erasepro report outputs/RUN outputs/RUN2 figure=front.pdf kind=pareto",
        ),
    ),
    "grid": VerbHelp(
        "grid RUN… [out=FILE] [rows=N] [across=N] [by=solver]",
        "the pictures of several runs side by side, on the prompts and seeds that they share",
        (
            ("out=FILE", "grid.png", "the picture to write"),
            ("rows=N", "9", "prompts that are shown, of each role its share"),
            ("across=N", "6 / pictures of a prompt", "prompts beside one another"),
            ("by=solver", "prompt", "a row a run and a column a prompt, in place of the other way round"),
        ),
        ("erasepro grid outputs/RUN outputs/RUN2 rows=12", "erasepro grid outputs/RUN outputs/RUN2 rows=6 by=solver"),
    ),
    "verify": VerbHelp(
        "verify DIR model=… | DIR edited=FOLDER | LORA.safetensors model=…",
        "recompute what a saved edit states, or tell how much of an edit a LoRA file carries",
        (
            ("model=…", "", "the base model to measure on: a name, a hub id or a folder; model.source=… and such go over it"),
            ("edited=FOLDER", "", "an edited model to compare with, in place of measuring"),
            ("edit=DIR", "", "of a LoRA: the edit that it was made of, to compare with"),
            ("write=true", "false", "certify the edit: write certificate.json beside it"),
        ),
        ("erasepro verify outputs/RUN model=miniature", "erasepro verify PATH model=sdxl edit=EDIT"),
    ),
    "export": VerbHelp(
        "export DIR format=lora|kohya|diffusers|single_file out=PATH [base=PATH] [rank=N] [strength=S]",
        "an edit as a LoRA or as a whole model",
        (
            ("format=…", "lora", "lora (diffusers), kohya (ComfyUI, A1111), diffusers or single_file (whole models)"),
            ("out=PATH", "", "the file or folder to write; needed"),
            ("base=PATH", "", "the model that the edit was made for; needed for whole models, and for large edits"),
            ("rank=N", "", "ranks of a LoRA at most; left out: those of the edit"),
            ("strength=S", "1", "share of the edit, in [0, 1]"),
            ("variant=…", "", "fp16 picks the base's *.fp16.safetensors"),
        ),
        (
            "erasepro export EDIT format=lora out=PATH",
            "erasepro export EDIT format=single_file out=FILE.safetensors base=FOLDER",
        ),
    ),
    "study": VerbHelp(
        "study NAME|FILE.yaml [key=value] … [workers=N] [plan=true] [out=FOLDER] [fail_fast=true]",
        "make the runs of a study that are missing, and print its tables",
        (
            ("NAME", "", "of a study under experiments/, or your own yaml file (see below)"),
            ("key=value", "", "given to every run; with an axis's name, its values or choices: solver=uce,oce"),
            ("plan=true", "false", "tell runs, images, time, memory and disk; make none"),
            ("workers=N", "1", "processes of this machine; a GPU each where it has several"),
            ("out=FOLDER", "outputs/<name>-<id>", "the study's folder; its runs lie in outputs.dir, shared with other studies"),
            ("fail_fast=true", "false", "begin no run once one has failed"),
            ("launcher=…", "this machine", "slurm (writes a script for sbatch), or Hydra's joblib, submitit_local|_slurm, ray"),
        ),
        ("erasepro study residual plan=true", "erasepro study residual workers=2 generation=quick"),
        "A file is a study by its section study: with axes (key: [values], or name: {label: {key: value}}), and, if wanted, "
        "rows and tables (lists of axes) and sort. Everything else in the file is given to every run. The same command "
        "goes on, and tries again what failed; `erasepro work FOLDER` joins in, `erasepro status FOLDER` tells "
        "how far it is.",
    ),
    "work": VerbHelp(
        "work FOLDER [fail_fast=true] [wait=false]",
        "one more process that makes runs of a study, on any machine that shares the disk",
        (
            ("FOLDER", "", "the study's, as `erasepro study` says it"),
            ("fail_fast=true", "false", "begin no run once one has failed"),
            ("wait=false", "true", "end when others are at all that is left; else it takes over what a dead one leaves"),
        ),
        ("erasepro work outputs/STUDY",),
    ),
    "page": VerbHelp(
        "page STUDY | RUN… [out=FILE.html] [rows=12] [sensitive=never]",
        "a study, or runs, as one HTML file: tables, figures, pictures, configs",
        (
            ("STUDY | RUN…", "", "a study's folder, or folders of finished runs"),
            ("out=FILE.html", "page.html", "the file; of a study in its folder"),
            ("rows=N", "12", "prompts shown of each set of concepts"),
            ("sensitive=…", "click", "click: such pictures are blurred until clicked; never: the file holds none of them"),
        ),
        ("erasepro page outputs/STUDY",),
        "It needs no network and has 15 MB at most: pictures become smaller, and then fewer, until it fits.",
    ),
    "tune": VerbHelp(
        "tune [solver=a,b] [sets=[…]] [trials=N] [pictures=N] [hours=H] [out=FOLDER] [write=true]",
        "search settings, on development sets alone",
        (
            ("solver=a,b", "all with a space", "whose settings are searched"),
            ("sets=[…]", "the miniature's four", "options of concepts to search on"),
            ("trials=N", "24", "settings a solver that are measured"),
            ("pictures=N", "5", "settings a solver whose pictures are drawn"),
            ("hours=H", "4", "what all of it may take"),
            ("workers=N", "1", "processes that share the work"),
            ("out=FOLDER", "outputs/tune", "where the search is kept; the same command goes on with it"),
            ("write=true", "false", "put the chosen presets into conf/solver"),
        ),
        ("erasepro tune solver=erasepro,uce hours=2",),
    ),
    "completion": VerbHelp(
        "completion bash|zsh|fish",
        "print a script that completes the command's words",
        (),
        ("erasepro completion bash",),
        'Bash: eval "$(erasepro completion bash)" in ~/.bashrc. Zsh: erasepro completion zsh > a folder of $fpath, as '
        "_erasepro. Fish: erasepro completion fish > ~/.config/fish/completions/erasepro.fish.",
    ),
    "help": VerbHelp(
        "help [VERB | tables]",
        "this page, or one verb's",
        (
            (
                "VERB", "", "ls, edit, score, rerun, status, report, grid, verify, export, study, work, page, tune, "
                "completion; tables: their words",
            ),
        ),
        ("erasepro help", "erasepro help export"),
    ),
}
"""The help of each verb."""

EXAMPLES = (
    ("erasepro", "dog -> cat in the miniature, with ErasePro"),
    ("erasepro 'concepts.pairs=[[dog,cat],[apple,pear]]' solver=uce", ""),
    ("erasepro concepts.file=pairs.csv", "a CSV with the header target,anchor"),
    ("erasepro model=sd15 model.source=/path/to/model concepts=style/van_gogh generation=stable_diffusion", ""),
    ("erasepro -m solver=erasepro,uce generation.seeds=[0,1,2]", ""),
    ("erasepro --dry-run experiments=demo", "what it would do and take"),
    ("erasepro debug=tiny", "the whole job on random weights, in seconds"),
)
"""(command, what it does) of runs."""
