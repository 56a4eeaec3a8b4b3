"""What the package says about itself: one version everywhere, every import declared, every extra explained."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import erasepro
from erasepro.cli.main import main
from erasepro.runtime.versions import VERSION

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DISTRIBUTIONS = {
    "PIL": "pillow",
    "clip": "clip-anytorch",
    "hydra": "hydra-core",
    "yaml": "pyyaml",
    "cv2": "nudenet",
    "onnxruntime": "nudenet",
}
"""The distribution that brings a module, where their names differ."""


def requirements(lines: list[str]) -> list[str]:
    """Their names, written one way."""
    return [re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in lines]


def third_party_modules() -> set[str]:
    modules = set()
    for path in (ROOT / "erasepro").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    return modules - set(sys.stdlib_module_names) - {"erasepro"}


def test_the_version_is_the_same_everywhere(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"erasepro {VERSION}\n"
    assert erasepro.__version__ == VERSION
    assert PROJECT["project"]["dynamic"] == ["version"]
    source = PROJECT["tool"]["hatch"]["version"]
    found = re.search(source["pattern"], (ROOT / source["path"]).read_text())
    assert found is not None
    assert found["version"] == VERSION
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == VERSION
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.findall(r"^## ([\d.]+)", changes, re.MULTILINE)[0] == VERSION


def test_every_import_is_declared_once():
    extras = PROJECT["project"]["optional-dependencies"]
    declared = requirements([*PROJECT["project"]["dependencies"], *extras["train"], *extras["tune"]])
    assert len(declared) == len(set(declared))
    assert len(requirements(extras["dev"])) == len(set(requirements(extras["dev"])))
    needed = {DISTRIBUTIONS.get(name, name).lower().replace("_", "-") for name in third_party_modules()}
    assert needed <= set(declared)


def test_every_extra_is_explained():
    text, guide = (ROOT / "pyproject.toml").read_text(), (ROOT / "CONTRIBUTING.md").read_text()
    for name in PROJECT["project"]["optional-dependencies"]:
        assert re.search(rf"^# .+\n{name} = \[", text, re.MULTILINE), f"the extra {name} has no comment"
        assert f"[{name}]" in guide


@pytest.mark.parametrize("key", ["authors", "keywords", "classifiers", "urls", "readme", "license"])
def test_the_package_says_what_it_is(key):
    assert PROJECT["project"][key]


def test_the_citation_has_what_the_format_asks_for():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["authors"] == [{"name": author["name"]} for author in PROJECT["project"]["authors"]]
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= set(reference)
