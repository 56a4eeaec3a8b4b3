"""Samples by concept pair and prompt, and that nothing else in the package groups images by itself."""

import re

from erasepro.generation import Row
from erasepro.results.clusters import Cluster, ClusterNumbers, cluster_of, partition
from tests.test_floors import modules

PAIRS = (("dog", "cat"), ("car", "bus"), ("ship", ""))


def sample(id, role="target", concept="dog", expected="cat", seed=0):
    return {"id": id, "seed": seed, "role": role, "concept": concept, "expected_concept": expected}


def test_seeds_of_a_prompt_are_one_cluster():
    samples = [sample("a", seed=0), sample("b"), sample("a", seed=1)]
    assert partition(samples) == {Cluster("", "a"): [samples[0], samples[2]], Cluster("", "b"): [samples[1]]}


def test_a_run_of_one_pair_is_one_outer_cluster_whatever_its_images_show():
    samples = [sample("a"), sample("b", "retain", "fox", "fox"), sample("c", "retain", "", "")]
    assert {cluster.pair for cluster in partition(samples, PAIRS[:1])} == {"dog → cat"}


def test_of_several_pairs_that_are_erased_together_each_image_belongs_to_the_one_that_it_shows():
    def pair(*facts):
        return cluster_of(sample("a", *facts), PAIRS).pair

    assert pair("target", "car", "bus") == pair("synonym", "car", "bus") == pair("anchor", "bus", "bus") == "car → bus"
    assert pair("target", "ship", "") == "ship → (empty)"
    assert pair("retain", "fox", "fox") == pair("retain", "", "") == "dog → cat, car → bus, ship → (empty)"
    assert cluster_of(sample("a", "anchor", "cat", "cat"), (*PAIRS, ("wolf", "cat"))).pair.count("→") == 4, "of two pairs"


def test_a_row_of_the_work_list_is_in_the_cluster_of_its_sample():
    row = Row("a", "a dog", 3, "car", "target", "plain", "bus")
    assert cluster_of(row, PAIRS) == cluster_of(sample("a", "target", "car", "bus"), PAIRS) == ("car → bus", "a")


def test_numbers_count_up_in_the_order_of_arrival():
    numbers = ClusterNumbers()
    assert [numbers.number(cluster) for cluster in "abacb"] == [0, 1, 0, 2, 1]
    assert len(numbers) == 3


def test_no_metric_and_no_number_groups_images_by_itself():
    """By a row's or a sample's id: what is a cluster is decided in one place."""
    rooms = ("erasepro.metrics.", "erasepro.results.", "erasepro.report.")
    place_in_a_picture = "erasepro.report.grid_rows"  # a row of the grid has a prompt, whatever counts it
    texts = {name: path.read_text(encoding="utf-8") for name, path in modules().items() if name.startswith(rooms)}
    grouping = re.compile(r"\b(row|sample|s)(\.id\b|\[\"id\"\])|rows\[\w+\]\.id\b")
    assert len(texts) > 50
    assert [name for name, text in texts.items() if grouping.search(text)] == [place_in_a_picture]
