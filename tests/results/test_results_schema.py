"""results.json: what is not of its form is named, whatever it is; a fault of a table is a table's."""

from __future__ import annotations

import copy
import dataclasses
import json
from contextlib import suppress
from functools import cache
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from erasepro.cli.main import main
from erasepro.errors import UserError
from erasepro.metrics import nudenet
from erasepro.report import run_tables as summary
from erasepro.report.heading import format_heading
from erasepro.report.joint import across
from erasepro.results import results_schema
from erasepro.results.recognition import RecognitionRates, Share, compute_recognition_rates
from erasepro.results.results_json import MetricScore, Results, Value, nonfinite_to_null
from erasepro.results.results_schema import DetectorPartsForm, ResultsForm
from erasepro.results.score import Score
from erasepro.runtime.sealed_json import write_sealed
from erasepro.runtime.typed_json import WrongForm
from erasepro.tracking.flat import flat
from tests.metrics.stub_nudenet import always

TINY = ["debug=tiny", "metrics=nudity", "outputs.dir=o", "outputs.progress=false"]
OTHERS = [None, "x", 5, 1.5, True, [], {}, [5], ["x"], {"x": 5}]


def sample(i: int, model: str) -> dict[str, Any]:
    facts = {
        "role": "target",
        "phrasing": "plain",
        "concept": "dog",
        "expected_concept": "cat",
        "prediction": "cat",
        "error": None,
    }
    return {"id": f"dog-{i}", "seed": 0, "model": model, "subject": "", **facts}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished run: scores of a detector, and recognition rates as of a judged run."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(nudenet, "NudeNetDetector", always())
        assert main(TINY) == 0
    (path,) = folder.glob("o/*/results.json")
    samples = [sample(i, model) for i in range(4) for model in ("original", "edited")]
    results = Results.load(path)
    results.recognition = [dataclasses.asdict(one) for one in compute_recognition_rates(samples)]
    results.recognition_by_concept = [
        dataclasses.asdict(one) for one in compute_recognition_rates(samples, by_concept=True)
    ]
    results.recognition_source = {"protocol": "erasepro/1", "judge": "model", "file": "prediction-x"}
    results.save(path)
    return path.parent


@pytest.fixture(scope="module")
def record(run):
    return json.loads((run / "results.json").read_text())


def typed_keys(value: Any, form: Any, path: tuple[Any, ...] = ()):
    """(path, whether it must be there) of every key that has a form; of a list the first item only."""
    if get_origin(form) is NotRequired:
        form = get_args(form)[0]
    choices = get_args(form) if get_origin(form) not in (list, dict) and get_args(form) else (form,)
    for choice in choices:
        if is_typeddict(choice) and isinstance(value, dict):
            for name, hint in get_type_hints(choice, include_extras=True).items():
                if name in value:
                    yield (*path, name), choice.__total__ and get_origin(hint) is not NotRequired, hint
                    yield from typed_keys(value[name], hint, (*path, name))
        elif get_origin(choice) is list and isinstance(value, list) and value:
            yield from typed_keys(value[0], get_args(choice)[0], (*path, 0))
        elif get_origin(choice) is dict and isinstance(value, dict):
            for name in value:
                yield from typed_keys(value[name], get_args(choice)[1], (*path, name))


def all_keys(record):
    yield from typed_keys(record, ResultsForm)
    for model in ("edited", "original"):
        path = ("scores", 0, model, "parts")
        yield from typed_keys(record["scores"][0][model]["parts"], DetectorPartsForm, path)


def changed(record, path, *value):
    """A copy with the key at a path replaced, or dropped; what does not lead there is shared with the record."""
    copied = node = copy.copy(record)
    for part in path[:-1]:
        node[part] = copy.copy(node[part])
        node = node[part]
    if value:
        node[path[-1]] = value[0]
    else:
        del node[path[-1]]
    return copied


def dotted(path):
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


@cache
def text_of(table):
    """Most changes leave most tables as they are."""
    return table.text()


def show(results):
    """Everything that is made of results."""
    format_heading(results.settings, results.protocol, results.solver_label)
    for table in [*summary.tables(results), *across([results])]:
        text_of(table)
    flat(results)


def test_the_form_is_that_of_the_dataclasses():
    for kind, form in (
        (Results, ResultsForm),
        (Value, results_schema.ValueForm),
        (MetricScore, results_schema.MetricScoreForm),
        (Score, results_schema.ScoreForm),
        (RecognitionRates, results_schema.RecognitionRatesForm),
        (Share, results_schema.ShareForm),
    ):
        assert [f.name for f in dataclasses.fields(kind)] == list(get_type_hints(form))


def test_what_is_saved_is_read(run, record, tmp_path):
    results = Results.load(run / "results.json")
    assert results == Results.from_json(record)
    assert nonfinite_to_null(dataclasses.asdict(results)) == record
    results.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (run / "results.json").read_bytes()
    assert len(list(all_keys(record))) > 150, "the fuzzing below changes so many keys"


def test_a_key_that_is_dropped_is_named(record):
    for path, required, _ in all_keys(record):
        if required and path[-1] != "curve":  # a detector's older scores have none, and no tables either
            with pytest.raises(WrongForm) as caught:
                Results.from_json(changed(record, path))
            assert str(caught.value) == f"{dotted(path)} is missing"
        else:
            show(Results.from_json(changed(record, path)))


def test_a_value_of_another_type_is_named_or_does_no_harm(record):
    for path, _, hint in all_keys(record):
        messages = []
        for value in OTHERS:
            try:
                results = Results.from_json(changed(record, path, value))
            except WrongForm as error:
                messages.append(str(error))
            else:
                with suppress(UserError):  # a name that is not known, or two protocols
                    show(results)
        assert messages or hint is Any, path
        assert all(message.startswith(dotted(path)) for message in messages), (path, messages)


def test_keys_of_a_later_version_are_let_through(record):
    later = copy.deepcopy(record) | {"new": 1}
    later["values"][0]["new"] = later["scores"][0]["new"] = 1
    assert Results.from_json(later) == Results.from_json(record)
    later["recognition"][0]["new"] = 1
    show(Results.from_json(later))


def test_a_run_that_does_not_say_whether_it_is_sensitive_is(record):
    assert Results.from_json(changed(record, ("sensitive",))).sensitive


@pytest.mark.parametrize("path", [("signature",), ("config", "generation"), ("stages", "edit", "seconds"), ("git",)])
def test_the_file_and_the_key_are_in_the_message(run, record, tmp_path, path):
    file = tmp_path / "results.json"
    file.write_text(json.dumps(changed(record, path, [5])))
    with pytest.raises(UserError, match="is damaged") as caught:
        Results.load(file)
    assert repr(str(file)) in str(caught.value)
    assert f"({dotted(path)} is [5], not " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_named(run, tmp_path, share):
    file = tmp_path / "results.json"
    content = (run / "results.json").read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match="No results in") as caught:
        Results.load(file)
    assert repr(str(file)) in str(caught.value)


@pytest.mark.parametrize("error", [KeyError("rank"), TypeError("no"), ValueError("no"), ZeroDivisionError("no")])
def test_a_fault_of_a_table_is_not_taken_for_damage(run, monkeypatch, capsys, error):
    def broken(*_):
        raise error

    monkeypatch.setattr(summary, "layer_table", broken)
    results = Results.load(run / "results.json")
    with pytest.raises(type(error)) as caught:
        summary.tables(results)
    assert caught.value is error
    with pytest.raises(type(error)):
        main(["report", str(run)])
    assert "damaged" not in capsys.readouterr().err


def test_somebodys_results_command_neither_terminal_nor_page(run, record, tmp_path, capsys):
    """Pairs, the model's name, the protocol, stages, concepts, words left out: shown escaped, in tables.md too."""
    evil = "\x1b[31mx\u202e<img src=y>![z](http://z)"
    made = copy.deepcopy(record)
    made["config"]["concepts"]["pairs"] = [[evil, evil]]
    made["config"]["model"]["name"] = evil
    made["protocol"] = evil
    made["recognition_source"]["protocol"] = evil
    made["stages"] = {evil: {"seconds": 1.0, "peak_mib": 1.0}}
    made["edit"]["meta"]["prompts"]["left_out"] = [evil]
    for score in made["scores"]:
        score["protocol"] = score["metric"] = evil
    for rates in [*made["recognition"], *made["recognition_by_concept"]]:
        rates["group"] = rates["phrasing"] = evil
    (tmp_path / "config.yaml").write_bytes((run / "config.yaml").read_bytes())
    write_sealed(tmp_path / "results.json", made)
    (tmp_path / "status.json").write_text(json.dumps({"state": evil, "updated": evil, "error": evil}))
    assert main(["report", str(tmp_path)]) == 0
    assert main(["status", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    pages = [(tmp_path / name).read_text() for name in ("tables.txt", "tables.md")]
    for text in (printed.out, printed.err, *pages):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert printed.out.count("\\x1b") > 8
    assert "<img" in pages[0]
    assert "\\<img" in pages[1]
    assert "<img" not in pages[1].replace("\\<", "")
    assert "](" not in pages[1].replace("\\]", "")
