"""``erasepro score``: more metrics on a run's images, only what is missing, and nothing that decides the images."""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from erasepro.cli.main import main
from erasepro.errors import UserError
from erasepro.generation import ImageStore, read_worklist
from erasepro.generation import store as store_module
from erasepro.metrics import nudenet
from erasepro.metrics.networks import judges
from erasepro.metrics.nudenet import Box
from erasepro.results.results_json import Results
from erasepro.results.samples import read_samples
from erasepro.runs.scoring import Scoring
from erasepro.tracking.flat import flat
from tests.metrics.stub import StubJudge
from tests.metrics.stub_nudenet import always
from tests.tracking.offline_log import OfflineLog

TINY = ["debug=tiny", "outputs.dir=o", "outputs.progress=false"]


class Judge(StubJudge):
    """Names noise: the first pixel's red decides."""

    asked = 0

    def classify(self, images):
        Judge.asked += 1
        images = images.clone()
        images[:, :2, 0, 0] %= 2
        return super().classify(images)


def stub_networks(patch):
    patch.setattr(judges, "load_shipped_judge", lambda _: Judge())
    patch.setattr(nudenet, "NudeNetDetector", always(Box("BUTTOCKS_EXPOSED", 0.5, (0, 0, 1, 1))))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder in which a run was made; not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        stub_networks(patch)
        assert main([*TINY, "metrics=[clip_accuracy_top1]"]) == 0
    return folder


@pytest.fixture
def run(finished, tmp_path, monkeypatch, capsys):
    """A copy of the finished run, to score."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    stub_networks(monkeypatch)
    (folder,) = Path("o").glob("*-*")
    capsys.readouterr()
    return folder


def results(run):
    return Results.load(run / "results.json")


def primary_value(run, metric):
    return {
        (v.protocol, v.model): v.value for v in results(run).values if v.metric == metric and not (v.role or v.phrasing)
    }


def test_score_adds_a_metric_and_keeps_the_others(run, capsys):
    before, asked = results(run), Judge.asked
    assert main(["score", f"run={run}", "metrics=[nudenet]", "metrics.params.nudenet.threshold=0.4"]) == 0
    out = capsys.readouterr().out
    assert "clip_accuracy_top1 ↓" in out
    assert "nudenet (images, exposed) ↓" in out
    after = results(run)
    assert [one.metric for one in after.scores] == ["clip_accuracy_top1", "nudenet"]
    assert after.scores[0] == before.scores[0]
    assert after.recognition == before.recognition
    assert after.scores[1].params["threshold"] == 0.4
    assert primary_value(run, "nudenet")["erasepro/2", "edited"] > 0
    assert Judge.asked == asked, "the metric that was there is not counted again"


def test_score_logs_all_of_the_run_to_the_tracker_as_the_run_it_is(run, monkeypatch):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    for metric in ("nudenet", "kid"):
        words = [f"metrics=[{metric}]", "tracker=wandb", "tracker.mode=offline"]
        assert main(["score", f"run={run}", *words]) == 0
    log = OfflineLog(run)  # one log: of the second, which holds what the first held
    assert log.run.run_id.startswith(results(run).signature[:8])
    metrics = {row["metric"] for row in log.table("tables/values")}
    assert metrics >= {"clip_accuracy_top1", "nudenet", "kid"}
    assert {"edited/clip_accuracy_top1", "edited/nudenet"} <= log.summary.keys()


def test_the_protocol_of_a_score_command_is_that_commands_alone(run, capsys):
    before = {name: (run / name).read_bytes() for name in ("config.yaml", "status.json")}
    assert main(["score", f"run={run}", "metrics=[nudenet]", "protocol=ace"]) == 0
    assert main(["score", f"run={run}", "metrics=[kid]"]) == 0
    assert {value.protocol for value in results(run).values if value.metric == "kid"} == {"erasepro/2"}
    assert main(["score", f"run={run}", "metrics=clip", "metrics.judge.source=no.pt"]) == 2
    assert "no file 'no.pt'" in capsys.readouterr().err
    assert {name: (run / name).read_bytes() for name in before} == before


def test_a_score_that_fails_leaves_the_run_done(run, monkeypatch, capsys):
    def broken(*_, **__):
        raise UserError("no network")

    before = {path: path.read_bytes() for path in run.rglob("*.json")}
    with monkeypatch.context() as patch:
        patch.setattr(Scoring, "score_missing", broken)
        assert main(["score", f"run={run}", "metrics=[kid]"]) == 2
    assert {path: path.read_bytes() for path in run.rglob("*.json") if ".partial" not in path.name} == before
    capsys.readouterr()
    assert main([*TINY, "metrics=[clip_accuracy_top1]"]) == 0
    assert "Done before" in capsys.readouterr().out


def test_score_with_another_threshold_takes_the_numbers_place(run):
    for threshold, found in (("0.4", True), ("0.6", False)):
        assert main(["score", str(run), "metrics=[nudenet]", f"metrics.params.nudenet.threshold={threshold}"]) == 0
        assert (primary_value(run, "nudenet")["erasepro/2", "edited"] > 0) is found


def test_the_runs_own_command_is_done_and_keeps_what_score_added(run, capsys):
    assert main(["score", f"run={run}", "metrics=[nudenet]"]) == 0
    capsys.readouterr()
    assert main([*TINY, "metrics=[clip_accuracy_top1]"]) == 0
    out = capsys.readouterr().out
    assert "Done before" in out
    assert "nudenet" in out


def test_the_same_command_with_more_metrics_scores_only_those(run):
    drawn = {p: p.stat().st_mtime_ns for p in run.rglob("*.png") if p.name != "grid.png"}
    kept = {p: p.stat().st_mtime_ns for p in (run / "scores").iterdir()}
    assert main([*TINY, "metrics=[clip_accuracy_top1,nudenet]"]) == 0
    assert {p: p.stat().st_mtime_ns for p in drawn} == drawn
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    assert {"clip_accuracy_top1", "nudenet_boxes", "prediction"} <= read_samples(run)[0].keys()


def test_two_protocols_stand_apart(run, tmp_path, capsys):
    status = json.loads((run / "results.json").read_text())
    protocol = ["protocol.name=strict", "protocol.fixes={metrics.params.nudenet.threshold:0.6}"]
    assert main(["score", f"run={run}", "metrics=[nudenet]", *protocol, "metrics.params.nudenet.threshold=0.6"]) == 0
    changed = [*protocol, "metrics.params.nudenet.threshold=0.4"]
    assert main(["score", f"run={run}", "metrics=[nudenet]", *changed]) == 0
    renamed = "strict/2+modified(metrics.params.nudenet.threshold)"
    found = primary_value(run, "nudenet")
    assert found["strict/2", "edited"] == 0
    assert found[renamed, "edited"] > 0
    assert status["protocol"] == "erasepro/2"
    out = capsys.readouterr().out
    assert flat(results(run))["edited/nudenet"] == 0  # the first that was counted
    assert flat(results(run))[f"{renamed}/edited/nudenet"] == found[renamed, "edited"]
    assert results(run).protocol == results(run).recognition_source["protocol"] == "erasepro/2"  # of the run, as it was
    assert f"| {renamed} |" in (run / "tables.md").read_text()
    assert out.count("Metrics") >= 2


def test_the_runs_own_command_tells_its_own_setting_again(run, capsys):
    own = [*TINY, "metrics=[clip_accuracy_top1,nudenet]", "metrics.params.nudenet.threshold=0.4"]
    assert main(own) == 0
    wanted, samples = primary_value(run, "nudenet"), read_samples(run)
    assert main(["score", f"run={run}", "metrics=[nudenet]", "metrics.params.nudenet.threshold=0.6"]) == 0
    assert primary_value(run, "nudenet") != wanted
    capsys.readouterr()
    assert main(own) == 0
    assert primary_value(run, "nudenet") == wanted
    assert {frozenset(s.items()) for s in read_samples(run)} == {frozenset(s.items()) for s in samples}
    assert main(own) == 0
    assert "Done before" in capsys.readouterr().out


def test_score_keeps_the_other_metrics_columns_and_what_the_pictures_show(run):
    before = results(run)
    assert main(["score", f"run={run}", "metrics=[nudenet]", "metrics.params.nudenet.threshold=0.4"]) == 0
    assert {"clip_accuracy_top1", "prediction", "nudenet_boxes"} <= read_samples(run)[0].keys()
    after = results(run)
    assert (after.recognition, after.recognition_source) == (before.recognition, before.recognition_source)
    assert after.recognition_source["protocol"] == "erasepro/2"
    assert "What the pictures show   [erasepro/2]" in (run / "tables.txt").read_text()


def test_a_damaged_image_is_refused_and_the_runs_command_draws_it_again(run, capsys):
    path = sorted((run / "images" / "edited").glob("*.png"))[0]
    whole = path.read_bytes()
    path.write_bytes(b"junk")
    assert main(["score", f"run={run}", "metrics=[nudenet]"]) == 2
    assert "1 images of" in capsys.readouterr().err
    assert main([*TINY, "metrics=[clip_accuracy_top1,nudenet]"]) == 0
    assert path.read_bytes() == whole
    assert results(run).counts["images_unreadable"] == 0


def test_a_score_made_while_an_image_could_not_be_read_is_made_again(run, monkeypatch, capsys):
    from erasepro.runs.run import Run

    real, path = Run.score, sorted((run / "images" / "edited").glob("target*.png"))[0]
    whole = path.read_bytes()

    def damaged(self, original, edited):
        path.write_bytes(b"junk")
        real(self, original, edited)

    words = [*TINY, "metrics=[clip_accuracy_top1,nudenet]"]
    with monkeypatch.context() as patch:
        patch.setattr(Run, "score", damaged)
        assert main(words) == 0
    assert results(run).counts["images_unreadable"] == 1
    n = results(run).metrics["edited"]["nudenet"]["n"]
    assert main(words) == 0
    assert path.read_bytes() == whole
    assert results(run).counts["images_unreadable"] == 0
    assert results(run).metrics["edited"]["nudenet"]["n"] == n + 1


@pytest.mark.parametrize(
    "lost",
    [
        "results.json", "scores/prediction-*.json",
        *(pytest.param(lost, marks=pytest.mark.ci_slow) for lost in ("samples.parquet", "scores/prediction-*.parquet")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_what_was_lost_of_the_results_is_made_again(run, lost, how):
    whole, samples = results(run), read_samples(run)
    for path in run.glob(lost):
        path.unlink() if how == "gone" else path.write_bytes(path.read_bytes()[:9])
    if "prediction" in lost:
        (run / "results.json").unlink()
    assert main([*TINY, "metrics=[clip_accuracy_top1]"]) == 0
    assert results(run).recognition == whole.recognition
    assert results(run).values == whole.values
    assert read_samples(run) == samples


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "score takes one run's folder"),
        ([f"metrics=[{'a' * 300}]", "run=nowhere"], "No folder 'nowhere'"),
        (["run=nowhere"], "No folder 'nowhere'"),
        (["nowhere"], "No folder 'nowhere'"),
        (["RUN", "run=RUN"], "cannot be given to score"),
        (["RUN", "nudenet"], "'nudenet' cannot be given to score"),
        (["run=."], "'.' is no run's folder"),
        (["run=RUN", "generation.steps=3"], "'generation.steps=3' cannot be given to score"),
        (["run=RUN", "metrics=[kidd]"], "Unknown metric 'kidd'. Did you mean 'kid'?"),
        (["run=RUN", "metrics=nudty"], "nudty"),
        (["run=RUN", "metrics=clip_score"], "a metric by its name is metrics=[clip_score]"),
        (["run=RUN", "metrics.params.nudenet.threshold=high"], "metrics.params.nudenet.threshold"),
        (["run=RUN", "metrics.judge.kind=clip"], "metrics.judge.kind"),
        (["run=RUN", "metrics.judge.source=x"], "is a CLIP's"),
        (["run=RUN", "metrics.judge.name=ViT-L/14"], "metrics.judge.name='ViT-L/14' is a CLIP's"),
        (["run=RUN", "metrics=null"], "metrics=null: choose metrics="),
        (["run=RUN", "metrics=[kid]", "metrics.params.kid.subsets=0"], "metrics.params.kid.subsets must be from 1"),
        (
            ["run=RUN", "metrics=[kid]", "metrics.params.kid.roles=[kpt]"],
            "Unknown role in metrics.params.kid.roles 'kpt'",
        ),
        (["run=RUN", "metrics=[fd_miniature]", "metrics.params.fd_miniature.blocks=0"], "blocks must be 1 or more"),
    ],
)
def test_a_mistake_is_one_line(run, capsys, words, line):
    before = (run / "results.json").read_bytes()
    assert main(["score", *(word.replace("RUN", str(run)) for word in words)]) == 2
    told = capsys.readouterr()
    assert line in told.err
    assert told.err.count("\n") == 1
    assert (run / "results.json").read_bytes() == before


def test_a_config_that_asks_for_the_environment_is_refused(run, capsys, monkeypatch):
    monkeypatch.setenv("SECRET", "hush")
    file = run / "config.yaml"
    file.write_text(re.sub(r"(?m)^name: .*$", "name: ${oc.env:SECRET}", file.read_text()))
    assert main(["score", str(run), "metrics=[nudenet]"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "'${oc.env:SECRET}' at 'name'" in line
    assert "hush" not in line


def test_a_config_that_has_lost_a_group_is_told(run, capsys):
    kept = [part for part in re.split(r"(?m)^(?=\w)", (run / "config.yaml").read_text()) if "protocol:" not in part[:9]]
    (run / "config.yaml").write_text("".join(kept))
    assert main(["score", str(run), "metrics=[nudenet]"]) == 2
    assert "config.yaml' is damaged: it holds no run's config (without protocol)." in capsys.readouterr().err


def test_lost_images_are_told_and_nothing_is_lost(run, capsys):
    next((run / "images" / "edited").glob("*.png")).unlink()
    assert main(["score", f"run={run}", "metrics=[nudenet]"]) == 2
    assert "1 images of" in capsys.readouterr().err


def test_a_held_run_is_not_scored(run, capsys):
    from erasepro.runtime.lock import Lock

    with Lock(run / "lock.json"):
        assert main(["score", f"run={run}", "metrics=[nudenet]"]) == 2
    assert f"is held by process {os.getpid()}" in capsys.readouterr().err


OTHER = ["metrics=[nudenet]", "metrics.params.nudenet.threshold=0.4"]
"""A metric that the finished run has not."""
OWN = [*TINY, "metrics=[clip_accuracy_top1]"]


def refused(run, capsys, words=OTHER):
    """The one line that ``score`` refuses with; the results stay as they were."""
    before = (run / "results.json").read_bytes()
    capsys.readouterr()
    assert main(["score", str(run), *words]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert (run / "results.json").read_bytes() == before
    return told


def test_swapped_images_of_the_two_models_are_refused_and_drawn_again(run, capsys):
    first, second = (sorted((run / "images" / model).glob("target*.png"))[0] for model in ("original", "edited"))
    whole, values = (first.read_bytes(), second.read_bytes()), results(run).values
    first.unlink()
    for path, data in zip((first, second), reversed(whole), strict=True):
        path.write_bytes(data)
    told = refused(run, capsys)
    assert told.count("1 images of") == 2
    assert "not the bytes that were drawn" in told
    shutil.rmtree(run / "scores")
    (run / "results.json").unlink()
    assert main(OWN) == 0
    assert (first.read_bytes(), second.read_bytes()) == whole
    assert results(run).values == values


def test_another_png_of_the_right_size_is_refused(run, capsys):
    pngs = sorted((run / "images" / "edited").glob("*.png"))
    pngs[0].write_bytes(pngs[1].read_bytes())
    assert f"({pngs[0].name}: not the bytes that were drawn)" in refused(run, capsys)


def test_lost_images_that_no_score_needs_are_told(run, capsys):
    next((run / "images" / "edited").glob("*.png")).unlink()
    before = results(run).values
    assert main(["score", str(run), "metrics=[clip_accuracy_top1]"]) == 0
    told = capsys.readouterr().err
    assert "1 images of" in told
    assert told.count("\n") == 1
    assert results(run).values == before


@pytest.mark.parametrize(
    "harm",
    ["digest", "exchanged", *(pytest.param(harm, marks=pytest.mark.ci_slow) for harm in ("no digests", "results without"))],
)
def test_images_that_are_not_those_of_the_results_are_refused(run, capsys, harm):
    values, record = results(run).values, run / "images" / "edited" / "rows.jsonl"
    if harm == "digest":  # a picture and its record, changed together
        name = json.loads(record.read_text().splitlines()[-1])["name"]
        path = record.parent / f"{name}.png"
        path.write_bytes(path.read_bytes() + b"x")
        store = ImageStore(record.parent)
        store.record.append({name: hashlib.sha256(path.read_bytes()).hexdigest()})
        assert store.damaged([row for row in read_worklist(run / "worklist.jsonl") if row.name == name]) == {}
    elif harm == "no digests":  # of a version that kept none
        record.write_text("".join(line for line in record.read_text().splitlines(True) if "sha256" not in line))
    elif harm == "exchanged":
        images = run / "images"
        (images / "edited").rename(images / "x")
        (images / "original").rename(images / "edited")
        (images / "x").rename(images / "original")
    else:
        stored = results(run)
        del stored.hashes["images"]
        stored.save(run / "results.json")
    for words in (OTHER, ["metrics=[clip_accuracy_top1]"]):
        assert "are not recorded as those that its results were counted on" in refused(run, capsys, words)
    assert main(OWN) == 0
    told = capsys.readouterr()
    assert "Done before" not in told.out
    assert ("drawn again." if harm in ("no digests", "exchanged") else "counted again.") in told.err
    assert harm == "digest" or results(run).values == values
    assert main(["score", str(run), *OTHER]) == 0


def test_images_of_other_bytes_have_other_scores(run, monkeypatch, capsys):
    """Redrawn by another library, say: what was counted on the earlier bytes is not carried along."""
    assert main(["score", str(run), *OTHER]) == 0
    real = store_module.encode_png

    def other(image):
        return real(255 - image)

    before, path = results(run), sorted((run / "images" / "edited").glob("target*.png"))[0]
    path.unlink()
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "encode_png", other)
        assert main(OWN) == 0
    assert "holds other images than results.json records: counted again." in capsys.readouterr().err
    after = results(run)
    assert after.hashes["images"] != before.hashes["images"]
    assert [score.metric for score in after.scores] == ["clip_accuracy_top1"], "nudenet was counted on other bytes"
    assert {score.file for score in after.scores}.isdisjoint(score.file for score in before.scores)
    assert main(OWN) == 0
    assert "Done before" in capsys.readouterr().out


@pytest.mark.parametrize(
    "harm",
    [
        "bytes",
        *(pytest.param(harm, marks=pytest.mark.ci_slow) for harm in ("cut", "gone", "role", "half a line", "pipe", "order")),
    ],
)
def test_a_changed_work_list_is_refused_and_the_runs_command_writes_it_anew(run, capsys, harm):
    file = run / "worklist.jsonl"
    text, values = file.read_text(), results(run).values
    lines = text.splitlines(True)
    file.unlink()
    {
        "role": lambda: file.write_text(text.replace('"role": "target"', '"role": "retain"', 1)),
        "cut": lambda: file.write_text("".join(lines[:-2])),
        "half a line": lambda: file.write_text(text[:-30]),
        "gone": lambda: None,
        "pipe": lambda: os.mkfifo(file),
        "bytes": lambda: file.write_bytes(b"\xff"),
        "order": lambda: file.write_text("".join(lines[::-1])),
    }[harm]()
    for words in (OTHER, ["metrics=[clip_accuracy_top1]"]):
        assert "Run its own command again: it writes the list anew." in refused(run, capsys, words)
    assert main(OWN) == 0
    told = capsys.readouterr()
    assert "Done before" not in told.out
    assert harm == "gone" or f"{str(file)!r} is not this run's work list: written anew." in told.err
    assert file.read_text() == text
    assert results(run).values == values
    assert main(["score", str(run), *OTHER]) == 0


def test_flipped_bits_of_cached_features_are_told_and_change_no_number(run, capsys):
    assert main(["score", str(run), *OTHER]) == 0
    value = primary_value(run, "nudenet")["erasepro/2", "edited"]
    assert value > 0
    for path in (run / "scores").glob("nudenet-*"):
        path.unlink()
    files = list((run.parent / ".feature_cache").glob("nudenet-stub/*.safetensors"))
    for path in files:
        data = bytearray(path.read_bytes())
        data[-1] ^= 64  # in the tensors, behind the header
        path.write_bytes(data)
    capsys.readouterr()
    assert main(["score", str(run), *OTHER]) == 0
    assert f"erasepro: {len(files)} files in" in capsys.readouterr().err
    assert primary_value(run, "nudenet")["erasepro/2", "edited"] == value
