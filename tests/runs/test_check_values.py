"""What a run would stumble over only after it has begun is refused while its config is read; ``--cfg`` says the same."""

import pytest

from erasepro.cli.main import main
from erasepro.config.stored_config import StoredConfig
from erasepro.errors import UserError
from erasepro.runs.check_values import refuse_old_values
from erasepro.runs.resolve import compose, resolve


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["schedule.name=x"], r"'schedule\.name': got 'x', allowed: "),
        (["solver=uce", "schedule.name=x"], r"'schedule\.name': got 'x', allowed: "),
        (["schedule.target=x"], r"schedule\.target must be one of branch, hidden_state; got 'x'"),
        (["solver=uce", "solver.preserve=x"], r"solver\.preserve 'x'\. Known: concepts, fitting, none"),
        (["solver=uce", "solver.ridge=-1"], r"solver\.ridge must be positive"),
        (["solver=emcid", "solver.batch_size=0"], r"solver\.batch_size must be 1 or more"),
        (["solver.text_token_policy=abc"], r"'solver\.text_token_policy': got 'abc', allowed: "),
        (["solver=uce", "solver.preserve_tokens=abc"], r"'solver\.preserve_tokens': got 'abc', allowed: "),
        (["solver.text_sites=[abc]"], r"'solver\.text_sites': got 'abc', allowed: "),
        (["solver.cross_attention_fit.residual=abc"], r"solver\.cross_attention_fit\.residual 'abc'\. Known: hard, soft"),
        (["solver.cross_attention_fit.rank=abc"], r"solver\.cross_attention_fit\.rank 'abc'\. Known: exact, ind"),
        (["solver.cross_attention_fit.weights=abc"], r"solver\.cross_attention_fit\.weights 'abc'\. Known: concept"),
        (["solver.cross_attention_fit.mu=-1"], r"solver\.cross_attention_fit\.mu must be positive"),
        (["solver.text_fit.preserve.tokens=abc"], r"'solver\.text_fit\.preserve\.tokens': got 'abc', allowed: "),
        (["solver.text_fit.preserve.weights=abc"], r"'solver\.text_fit\.preserve\.weights': got 'abc', allowed: "),
        (["model.kind=foo"], r"'model\.kind': got 'foo', allowed: "),
        (["model.dtype=float17"], r"'model\.dtype': got 'float17', allowed: float32, .*Did you mean 'float16'"),
        (["model.device=cudaa"], r"'model\.device': got 'cudaa', allowed: auto, cpu, cuda"),
        (["metrics.judge.device=cudaa"], r"'metrics\.judge\.device': got 'cudaa', allowed: auto"),
        (["metrics.judge.kind=abc"], r"'metrics\.judge\.kind': got 'abc', allowed: "),
        (["tracker.name=foo"], r"'tracker\.name': got 'foo', allowed: "),
        (["tracker.mode=foo"], r"'tracker\.mode': got 'foo', allowed: "),
        (["tracker.project=a/b"], r"'tracker\.project': 'a/b' holds /, .*the owner of a project is tracker\.entity"),
        ([f"tracker.tags=[ok,{'x' * 65}]"], r"'tracker\.tags': 'x+' has 65 characters, and W&B takes 1 to 64"),
        (["tracker.num_images=-1"], r"'tracker\.num_images': got -1, expected 0 \(none\) or more"),
        (["generation.steps=-1"], r"generation\.steps must be at least 1"),
        (["generation.seeds=[]"], r"generation\.seeds must be a list of different whole numbers"),
        (["generation.neighbors=-1"], r"generation\.neighbors must be 0 or more; not -1"),
        (["templates.count=0"], r"templates\.count must be 1 or more, or null; got 0"),
        (["protocol.fixes={generation.steps:abc}"], r"'generation\.steps': got 'abc', expected a whole number"),
        (["generation.split=abc"], r"'generation\.split': got 'abc', allowed: "),
        (["concepts.kind=abc"], r"'concepts\.kind': got 'abc', allowed: "),
    ],
)
def test_a_choice_that_there_is_not_is_refused_before_anything_is_made(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message) as caught:
        compose(words)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [[], ["--cfg"]])
def test_the_command_and_its_config_say_the_same(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*words, "debug=tiny", "tracker.name=foo"]) == 2
    assert "Bad value for 'tracker.name': got 'foo', allowed: none, wandb." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:7", "mps"])
def test_a_device_of_another_machine_is_a_device(device):
    assert compose([f"model.device={device}"]).model.device == device


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["generation.split=dev"], r"'generation\.split': 'dev' is called 'validation' now; write generation\.split=valid"),
        (["prompts.templates.role=kept"], r"write prompts\.templates\.role=retain\."),
        (["metrics.params.kid.roles=[kept]"], r"'kept' is called 'retain' now; write metrics\.params\.kid\.roles=\[retain\]"),
        (["metrics.params.fid.network=evaluator"], r"write metrics\.params\.fid\.network=judge\."),
        (["metrics=[fd_mini]"], r"'fd_mini' is called 'fd_miniature' now"),
        (["schedule.name=kv_only"], r"write schedule\.name=cross_attention_only\."),
        (["schedule=kv_only"], r"Unknown schedule 'kv_only'\. Did you mean schedule=cross_attention_only\?"),
        (["schedule=residual_split", "schedule.at=own"], r"write schedule\.at=output\."),
        (["solver=uce", "solver.preserve=build"], r"write solver\.preserve=fitting\."),
        (["solver=uce", "solver.prompts=build"], r"write solver\.prompts=fitting\."),
    ],
)
def test_an_old_value_is_answered_with_its_new_name(words, message):
    with pytest.raises(UserError, match=message):
        compose(words)


def test_the_same_word_at_another_key_stays():
    concepts = {"preserve": ["kept", "build"]}
    refuse_old_values(StoredConfig({"name": "dev", "concepts": concepts, "tags": ["own"], "x": float("nan")}))


@pytest.mark.parametrize(
    "word",
    [
        "outputs.dir=\x1b[31mX",
        "name=a\u202eb",
        "concepts.pairs=[[\x1b[31mdog,cat]]",
        "concepts.pairs=[[dog\u200f,cat]]",
        "concepts.preserve=[a\x07b]",
        "concepts.file=a\x1bb.csv",
        "templates.templates=['a {n}\x07']",
    ],
)
def test_names_that_command_a_terminal_are_refused(word, capsys):
    assert main(["debug=tiny", word]) == 2
    printed = capsys.readouterr().err
    assert "control character" in printed
    assert printed.rstrip("\n").isprintable()


def test_a_file_of_such_names_is_refused(tmp_path, capsys):
    file = tmp_path / "ansi.csv"
    file.write_text("target,anchor\n\x1b[31mred,cat\n")
    assert main(["debug=tiny", f"concepts.file={file}", f"outputs.dir={tmp_path / 'o'}"]) == 2
    assert r"line 2: A concept's target holds the control character '\x1b'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("protocol.fixes={generation.steps:abc}", "protocol.fixes: Bad value for 'generation.steps': got 'abc', expected a"),
        ("+protocol.fixes.generation.steps=abc", "protocol.fixes: Bad value for 'generation.steps': got 'abc', expected a"),
        ("protocol.suggests={generation.steps:abc}", "protocol.suggests: Bad value for 'generation.steps': got 'abc'"),
        ("protocol.fixes={generation.steps:-7}", "generation.steps must be at least 1"),
        ("protocol.fixes={generation.seeds:[[1]]}", "protocol.fixes: Bad value for 'generation.seeds'"),
        ("protocol.fixes={model:3}", "protocol.fixes: Bad value for 'model': expected its keys one by one"),
        ("protocol.fixes={metrics.params.nudenet.threshold:abc}", "'metrics.params.nudenet.threshold': got 'abc'"),
        ("protocol.fixes={metrics.judge.kind:nope}", "Bad value for 'metrics.judge.kind': got 'nope', allowed: model"),
        ("protocol.requires={x:1}", "Unknown key 'x'."),
        ("protocol.requires={model.nme:x}", "Unknown key 'model.nme'. Did you mean 'model.name'?"),
        ("protocol.requires={model.name:[1]}", "Bad value for 'protocol.requires.model.name': got [1], expected what it must"),
    ],
)
def test_what_a_protocol_states_is_checked(word, line):
    for _ in range(2):  # what was found sound once is not checked again
        with pytest.raises(UserError) as caught:
            resolve(["debug=tiny", word])
        assert line in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_protocol_of_values_that_there_are_is_taken():
    fixes = "protocol.fixes={generation.steps:7,metrics.params.nudenet.threshold:0.5}"
    stored = resolve(["debug=tiny", fixes, "protocol.requires={metrics.judge.source:a file}"]).stored
    assert stored.at("protocol.fixes")["generation.steps"] == 7
