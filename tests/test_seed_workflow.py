"""What Function Fuse's own tests and examples do, with the package's name changed.

Its scripts print; here what they print is checked. Its examples need scikit-learn and a download, so their
models are two small ones of our own; the graphs are theirs. One difference is on purpose: what was not
asked for does not run, so the examples ask for their models, not for the data they are trained on.
"""

import numpy as np
import pytest

from holdall.serializers import FILE_PROTOCOL, S3_PROTOCOL
from holdall.storage import storage_factory
from holdall.workflow import GraphWorkflow, LocalWorkflow, workflow
from holdall.workflow.plugins import InitializerPlugin, PluginCollection, RandomStatePlugin

seen = {}


@pytest.fixture
def storage(tmp_path):
    return storage_factory({"kind": "file", "options": {"path": str(tmp_path / "storage")}})


@workflow
def total(a, b):
    return a + b


@workflow
def minus(a, b):
    return a - b


# The local runner's tests


def basic():
    s1 = total(1, 1).set_name("First sum")
    s2 = total(s1, 1).set_name("Second sum")
    return minus(s1, s2).set_name("Single minus")


def test_basic_graph():
    assert LocalWorkflow(basic(), workflow_name="first").run() == -1


def test_graph_with_items():
    @workflow
    def pair(a, b):
        return (a + b, b)

    s1 = pair(1, 1)
    s2 = pair(s1[0], 1)
    assert LocalWorkflow(minus(s1[0], s2[0]), workflow_name="second").run() == -1


def test_graph_with_a_storage_twice(storage):
    for _ in range(2):
        local = LocalWorkflow(basic(), workflow_name="storage_test")
        local.set_storage(storage)
        assert local.run() == -1
    assert storage.list_tasks("storage_test", "*") == ["First sum", "Second sum", "Single minus"]
    assert storage.list_tasks("storage_test", "*sum") == ["First sum", "Second sum"]


def test_patterns():
    local = LocalWorkflow(basic(), workflow_name="first")
    names = [node.get_name() for node in local.find_nodes(r"^.*sum.*$")]
    assert names == ["First sum", "Second sum"]
    assert [node.get_name() for node in local.find_nodes(r"^.*minus.*$")] == ["Single minus"]


# Actors


@workflow
class IncrementalSum:
    def __init__(self, start):
        self.start = start

    def add(self, n):
        self.start += n
        return self.start


@pytest.mark.parametrize("named", [False, True])
def test_actors(named):
    def name(node, text):
        return node.set_name(text) if named else node

    one = name(minus(4, 3), "four_minus_three")
    incremental_sum = name(IncrementalSum(start=one), "IncrementalSum")
    two = name(minus(3, one), "three_minus_one")
    name(incremental_sum.add(two), "one_plus_two")
    name(incremental_sum.add(two), "three_plus_two")
    six = name(incremental_sum.add(one), "five_plus_one")
    result = name(minus(six, 2), "six_minus_two")
    assert LocalWorkflow(result, workflow_name="first").run() == 4


# Plugins


def test_plugins():
    seeds, types = [], []

    @workflow
    def drawn(a, b):
        seen["drawn"] = seen.get("drawn", 0) + 1
        return a + b

    s1 = drawn(1, 1).set_name("First sum")
    s2 = drawn(s1, 1).set_name("Second sum")
    m = minus(s1, s2).set_name("Single minus")
    seeding = RandomStatePlugin(min=-5, max=0xFFFF, seed=-5, seed_func=seeds.append)
    plugin = PluginCollection([InitializerPlugin(lambda: types.append("float64")), seeding])
    local = LocalWorkflow(m, workflow_name="first")
    local.set_plugin(pattern=r"^.*sum.*$", plugin=plugin)
    assert local.run() == -1
    assert types == ["float64", "float64"]
    assert seeds == [-4, -3]
    local.query(r".*minus").set_plugin(plugin).set_remote_args({"num_cpus": 1})
    local.run()
    assert seeds == [-4, -3, -2, -1, 0]


def test_a_seed_goes_round():
    seeds = []
    plugin = RandomStatePlugin(min=1, max=3, seed=1, seed_func=seeds.append)
    node = total(1, 1).set_name("a")
    local = LocalWorkflow(node, workflow_name="first")
    local.set_plugin("a", plugin)
    for _ in range(4):
        local.run()
    assert seeds == [2, 3, 1, 2]


# A storage's flags


def test_always_read(storage):
    storage.always_read = True
    assert storage.always_read
    local = LocalWorkflow(basic(), workflow_name="storage_test")
    local.set_storage(storage)
    assert local.run() == -1


def test_logged_nodes(storage):
    local = LocalWorkflow(basic(), workflow_name="storage_test")
    local.set_storage(storage)
    local.log_nodes("Single minus")
    assert [local.run(), local.run()] == [-1, -1]
    assert storage.list_tasks("storage_test", "*") == ["First sum", "Second sum"]


# The examples


class Nearest:
    """The class of the nearest point."""

    def __init__(self, scale=1.0):
        self.scale = scale

    def fit(self, points, classes):
        self.points, self.classes = points * self.scale, classes
        return self

    def predict(self, points):
        distances = np.linalg.norm(points[:, None] * self.scale - self.points[None], axis=2)
        return self.classes[distances.argmin(axis=1)]


class Centroid(Nearest):
    """The class of the nearest centre."""

    def fit(self, points, classes):
        kinds = np.unique(classes)
        centres = np.array([points[classes == kind].mean(axis=0) for kind in kinds])
        return super().fit(centres, kinds)


@workflow
def circles_dataset():
    rng = np.random.default_rng(1)
    angle = rng.uniform(0, 2 * np.pi, 200)
    classes = np.arange(200) % 2
    radius = 1 - classes / 2
    return np.c_[radius * np.cos(angle), radius * np.sin(angle)], classes


@workflow
def blobs_dataset():
    classes = np.arange(200) % 2
    return np.random.default_rng(2).normal(size=(200, 2)) + 4 * classes[:, None], classes


@workflow
def train_test_split(X, y):
    return {"X_train": X[:120], "X_test": X[120:], "y_train": y[:120], "y_test": y[120:]}


@workflow
def train_model(name, kind, parameters, X, y):
    seen[name] = seen.get(name, 0) + 1
    return kind(**parameters).fit(X, y)


def models():
    classifiers = [("Nearest, 1", Nearest, {"scale": 2.0}), ("Centroid", Centroid, {})]
    found = []
    for ds_name, dataset in (("circles", circles_dataset()), ("blobs", blobs_dataset())):
        dataset.set_name(f"{ds_name}_samples")
        split = train_test_split(X=dataset[0], y=dataset[1]).set_name(f"{ds_name}_split")
        for name, kind, parameters in classifiers:
            model = train_model(name, kind, parameters, split["X_train"], split["y_train"])
            found.append(model.set_name(f"{ds_name}, {name}-model"))
    return found


def test_classifiers_of_several_datasets(storage):
    seen.clear()
    for _ in range(2):
        local = LocalWorkflow(*models(), workflow_name="classifiers")
        local.set_storage(storage)
        trained = local.run()
        assert [type(model) for model in trained] == [Nearest, Centroid, Nearest, Centroid]
    assert seen == {"Nearest, 1": 2, "Centroid": 2}
    # As its notebooks look at them.
    names = storage.list_tasks("classifiers", pattern="*model")
    assert names == [
        "blobs, Centroid-model",
        "blobs, Nearest, 1-model",
        "circles, Centroid-model",
        "circles, Nearest, 1-model",
    ]
    split = storage.read_task("classifiers", "blobs_split")
    model = storage.read_task("classifiers", "blobs, Centroid-model")
    assert (model.predict(split["X_test"]) == split["y_test"]).mean() > 0.95
    storage.remove_task("classifiers", pattern="*-model")
    assert storage.list_tasks("classifiers", "*model") == []


def test_a_picture_of_the_graph(tmp_path):
    path = GraphWorkflow(*models(), workflow_name="classifiers", doc_path=tmp_path / "doc").run()
    text = path.read_text("utf-8")
    assert path.parent == tmp_path / "doc"
    assert text.startswith("<svg")
    assert "blobs, Centroid-model" in text


# The seed's page


class Table:
    """A type with a serializer of its own."""

    def __init__(self, rows):
        self.rows = rows


class TableSerializer:
    """Keeps a table as a file of lines."""

    name = "TableSerializer"
    serializer_class = Table

    @classmethod
    def pickle(cls, obj, protocols):
        """Write the lines."""
        seen["written"] = seen.get("written", 0) + 1
        with protocols[FILE_PROTOCOL].open("table.txt", "w") as file:
            file.write("\n".join(obj.rows))
        return cls.name, (1, "table.txt")

    @classmethod
    def unpickle(cls, pid, protocols):
        """Read them."""
        with protocols[FILE_PROTOCOL].open(pid[1], "r") as file:
            return Table(file.read().split("\n"))

    @classmethod
    def remove(cls, pid, protocols):
        """Remove the file."""
        protocols[FILE_PROTOCOL].remove(pid[1])


@workflow
def make_table(n):
    return {"table": Table([f"row {number}" for number in range(n)])}


@workflow
def count_rows(tables):
    return len(tables["table"].rows)


def test_registered_serializers(storage, tmp_path):
    assert (FILE_PROTOCOL, S3_PROTOCOL) == ("file_protocol", "s3 protocol")
    seen.clear()
    storage.register_persistent_serializers(TableSerializer)
    assert storage.have_serializers()
    for _ in range(2):
        table = make_table(3).set_name("table")
        local = LocalWorkflow(count_rows(table).set_name("rows"), table, workflow_name="tables")
        local.set_storage(storage)
        count, kept = local.run()
        assert (count, kept["table"].rows) == (3, ["row 0", "row 1", "row 2"])
    assert seen["written"] == 1
    assert [path.name for path in (tmp_path / "storage").rglob("table.txt")] == ["table.txt"]
    storage.remove_task("tables", pattern="*")
    assert [path for path in (tmp_path / "storage").rglob("*") if path.is_file()] == []
