"""Every hint is a word that works when it is pasted: each mistake is made, and its hint put in the wrong word's place."""

import re
import shlex

import pytest

from erasepro.cli.hints import pasted_hint, refuse_split_value
from erasepro.cli.main import main
from erasepro.errors import UserError

MISTAKES = [
    # (words of a config, for --cfg)
    "solver=uec",
    "solver=uce_bst",
    "solver=[uce]",
    "solver.name=uce",
    "solver=uce solver.perserve_scale=0.1",
    "solver=uce_best solver.rigde=0.1",
    "solver.text_fit.preserve.ridgee=1",
    "solver.schedule.name=progressive",
    "solver.text_token_policy=last_subjct",
    "solver=erasepro,uce",
    "metrics=nudenet",
    "metrics=nudnet",
    "metrics=nudty",
    "metrics=[nudnet]",
    "metrics=[clip_score,nudnet]",
    "metrics=[nudity]",
    "metrics=clip_score,fid",
    "metrics.names=nudenet",
    "metrics.parms.kid.subset_size=3",
    "metrics.params.kidd.subset_size=3",
    "metrics.params.kid.subset_sizes=3",
    "metrics.params.nudenet.roles=[targt]",
    "metrics.judge.kind=openai",
    "metrics.judge.knd=model",
    "prompts=i2",
    "prompts=[templates,cocoo]",
    "prompts=templates,complex",
    "prompts.coco.max_rows=3",
    "prompts=coco prompts.coco.max_row=3",
    "prompts=coco prompts.cocoo.max_rows=3",
    "prompts=i2p prompts.i2p.columns.promt=a",
    "protocol=mac",
    "protocol=ace protocol.nam=x",
    "protocol=ace protocol.suggests.generation.steps=5",
    "schedule=progresive",
    "schedule=kv_only",
    "schedule.name=progresive",
    "schedule=interpolate schedule.shap=linear",
    "concepts=pair_dg",
    "concepts=dog",
    "concepts=van_gog model=sd14",
    "concepts.kind=styl concepts=mini/style_ink",
    "concepts.preserve=lion",
    "concepts.pairs=[dog,cat]",
    "concepts.pairs={dog:cat}",
    "concepts.pairs=[[O'Keeffe,artist]] model=tiny",
    "concepts.pairs=[[1984,book]] model=tiny",
    "generation=quik",
    "generation.stps=3",
    "generation.split=dev",
    "generation.seeds=0",
    "generation.seeds=0,1",
    "generation.scheduler=dpm",
    "seeds=[0]",
    "steps=3",
    "models=tiny",
    "sovler=uce",
    "model=miniatur",
    "model.kind=miniatur",
    "model.dtype=float",
    "templates=knwn",
    "templates.grammar=opn",
    "templates.gramar=open",
    "tracker=non",
    "tracker.mode=ofline",
    "tracker.nam=none",
    "debug=tny",
    "experiments=blind",
    "outputs.progres=false",
    "solver=glob(zzz*) -m",
]
VERBS = ["expor", "hlp", "help scor", "ls solver", "ls metrc", "seed=1 ls", "completion bsh", "--cfgg", "--dry"]
NAMES = ["concepts.pairs=[[dogg,cat]]", "concepts.pairs=[[puppy,cat]]", "concepts.pairs=[[dog,cta]]"]


def complaint(words, capsys):
    """What a command that is wrong says; it must fail by the words."""
    assert main(words) == 2, words
    return capsys.readouterr().err


def hints_in(message):
    """The hints of a message, each as the word to paste; commands to run by themselves begin with ``erasepro``."""
    found = re.findall(r" [wW]rite (\S+=\S+|'[^']*'|erasepro .+?|'.+?')(?: instead)?\.(?: |$)", message, re.MULTILINE)
    found += re.findall(r"Did you mean ([\w./]+=\S+?)\?", message)
    found += re.findall(r"A metric by its name is (\S+?)\. ", message)
    found += re.findall(r"Pairs of your own: ('.+?')\.", message)
    found += re.findall(r"; add (\S+=\S+?)\.$", message, re.MULTILINE)
    found += re.findall(r"add (-m) to run", message)
    found += re.findall(r"`(erasepro [\w ]+)`", message)
    if not found:
        found = re.findall(r"Did you mean '(\S+?)'\?", message)
    return found


def pasted(words, hint):
    """The command with a hint in the place of the word that is most like it; an added word, where none is."""
    (new,) = shlex.split(hint) if not hint.startswith("erasepro") else (hint,)
    if new.startswith("erasepro"):
        return shlex.split(new)[1:]
    if "=" not in new:
        return [*words, new] if new == "-m" else [*words[:-1], new]
    key = new.partition("=")[0]
    if key == "prompts" and not any(word.startswith("prompts=") for word in words):
        return [*words, new]
    near = [word for word in words if word.partition("=")[0].split(".")[0] == key.split(".")[0]]
    wrong = near[-1] if near else next((word for word in reversed(words) if not word.startswith("-")), None)
    return [new if word is wrong else word for word in words]


@pytest.mark.parametrize(
    "line", [line if not i % 6 else pytest.param(line, marks=pytest.mark.ci_slow) for i, line in enumerate(MISTAKES)]
)
def test_a_pasted_hint_makes_a_config_that_composes(line, capsys):
    words = shlex.split(line.replace("'", r"\'"))
    hints = hints_in(complaint(["--cfg", *words], capsys))
    assert hints, "no hint"
    for hint in hints:
        again = pasted(words, hint)
        command = again if again[:1] == ["ls"] else ["--cfg", *again]
        assert main(command) == 0, (hint, capsys.readouterr().err)
        capsys.readouterr()


@pytest.mark.parametrize("line", VERBS)
def test_a_pasted_verb_or_option_works(line, capsys):
    words = shlex.split(line)
    hints = hints_in(complaint(words, capsys))
    assert hints, "no hint"
    for hint in hints:
        again = pasted(words, hint)
        if again[-1] not in ("export", "score"):  # they need a folder: that they are verbs is what counts
            assert main([*again, "debug=tiny"] if again[0].startswith("--") else again) == 0, (hint, capsys.readouterr().err)
        else:
            assert main(["help", again[-1]]) == 0
        capsys.readouterr()


@pytest.mark.parametrize("line", NAMES)
def test_a_pasted_name_is_one_that_the_model_knows(line, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hints = hints_in(complaint(["--dry-run", line], capsys))
    assert hints, "no hint"
    for hint in hints:
        again = pasted([line], hint)
        assert main(again if hint.startswith("erasepro") else ["--dry-run", *again]) == 0, capsys.readouterr().err


def test_a_hint_in_each_job_of_a_sweep_is_a_word_too(capsys):
    err = complaint(["-m", "--cfg", "solver=uce,oce", "solver.perserve_scale=0.1", "debug=tiny"], capsys)
    assert err.count("Write solver.preserve_scale=0.1.") == 2


def test_the_users_own_word_is_written_anew():
    error = UserError("Unknown metric 'nudnet'.", ("nudnet", "nudenet"))
    assert pasted_hint(error, ["seed=1", "metrics=[fid,nudnet]"]) == " Write 'metrics=[fid,nudenet]'."
    assert pasted_hint(error, ["nudnet"]) == "", "the hint is the whole word"
    assert pasted_hint(error, ["metrics=[nudnets]"]) == ""
    assert pasted_hint(UserError("no guess"), ["metrics=[nudnet]"]) == ""
    key = UserError("Unknown key 'seeds'.", ("seeds", "generation.seeds"))
    assert pasted_hint(key, ["seeds=[0]", "generation.seeds=[1]"]) == " Write 'generation.seeds=[0]'."


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (["concepts.pairs=[[teddy", "bear,balloon]]"], "'concepts.pairs=[[teddy bear,balloon]]'"),
        (["seed=1", "concepts.pairs=[[dog,", "cat],", "[apple,pear]]", "-m"], "'concepts.pairs=[[dog, cat], [apple,pear]]'"),
        (["edit", "concepts.pairs=[[teddy", "bear,balloon]]", "out=x"], "'concepts.pairs=[[teddy bear,balloon]]'"),
        (["concepts.pairs=[[teddy", "(bear),balloon]]"], """'concepts.pairs=[["teddy (bear)",balloon]]'"""),
    ],
)
def test_a_value_that_the_shell_split_is_written_whole(words, right, capsys):
    error = complaint(words, capsys)
    assert "the shell split the value at a blank" in error
    assert error.endswith(f" Write {right}.\n")
    refuse_split_value(shlex.split(right))


@pytest.mark.parametrize("words", [["concepts.pairs=[[dog", "seed=1]]"], ["concepts.pairs=[[dog", "cat"], ["name=a]", "[b"]])
def test_what_no_later_word_closes_was_not_split(words):
    refuse_split_value(words)


def test_the_words_for_a_file_of_prompts_compose(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my file.csv").write_text("prompt\na dog\n", encoding="utf-8")
    (tmp_path / "prompts.csv").write_text("prompt\na dog\n", encoding="utf-8")
    for word, right in (
        ("prompts=prompts.csv", "prompts=custom prompts.custom.file=prompts.csv"),
        (f"prompts={tmp_path}/prompts.csv", f"prompts=custom prompts.custom.file={tmp_path}/prompts.csv"),
        ("prompts=[templates,prompts.csv]", "'prompts=[templates,custom]' prompts.custom.file=prompts.csv"),
        ("prompts=my file.csv", "prompts=custom 'prompts.custom.file=my file.csv'"),
    ):
        error = complaint(["--cfg", word], capsys)
        assert error.endswith(f"it is a file, and a set is named here. Write {right}.\n")
        assert main(["--cfg", *shlex.split(right)]) == 0
        capsys.readouterr()
    assert "Unknown prompts 'nothing.csv'. Known: " in complaint(["--cfg", "prompts=nothing.csv"], capsys)
