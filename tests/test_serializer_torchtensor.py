"""PyTorch: tensors come back as they were, or the save raises. PyTorch is not installed on CI."""

import mmap

import pytest

from holdall.errors import SerializationError
from holdall.serializers.torchtensor import TorchTensorSerializer
from media import Medium

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

BASE = torch.arange(24.0).reshape(2, 3, 4)
TENSORS = {
    "floats": BASE,
    "double": BASE.double(),
    "half": BASE.half(),
    "bfloat16": BASE.bfloat16(),
    "float8": BASE.to(torch.float8_e4m3fn),
    "ints": torch.tensor([1, -2]),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "uint16": torch.tensor([0, 65535], dtype=torch.uint16),
    "bools": torch.tensor([True, False]),
    "complex": torch.tensor([1 + 2j, 3]),
    "complex128": torch.tensor([[1 + 2j, 3]], dtype=torch.complex128),
    "conjugate": torch.tensor([1 + 2j, 3]).conj(),
    "NaN": torch.tensor([float("nan"), -0.0]),
    "0-d": torch.tensor(2.5),
    "empty": torch.zeros(0),
    "no rows": torch.zeros(0, 3, dtype=torch.int16),
    "transposed": BASE.permute(2, 0, 1),
    "channels last": torch.zeros(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    "one channel": torch.zeros(2, 1, 4, 5).contiguous(memory_format=torch.channels_last),
    "the end": BASE[1],
    "gradient": torch.zeros(3, requires_grad=True),
    "parameter": torch.nn.Parameter(BASE.clone()),
    "frozen parameter": torch.nn.Parameter(torch.ones(2), requires_grad=False),
}


@pytest.mark.parametrize("kind", TENSORS)
def test_every_tensor_comes_back(medium, kind):
    tensor = TENSORS[kind]
    found = medium.kept(TorchTensorSerializer, tensor)
    assert type(found) is type(tensor)
    assert found.dtype == tensor.dtype
    assert found.shape == tensor.shape
    assert found.stride() == tensor.stride()
    assert found.requires_grad == tensor.requires_grad
    assert found.is_leaf
    raw = [one.detach().resolve_conj().resolve_neg() for one in (found, tensor)]
    one, other = (one.contiguous().reshape(-1).view(torch.uint8).tolist() for one in raw)
    assert one == other


@pytest.mark.parametrize(
    "tensor",
    [
        BASE[:, 1],
        BASE[..., ::2],
        BASE[:1].expand(5, 3, 4),
        torch.tensor([1 + 2j, 3]).conj().imag,
    ],
    ids=["cut", "steps", "expanded", "imaginary"],
)
def test_with_gaps_it_comes_back_contiguous(medium, tensor):
    found = medium.kept(TorchTensorSerializer, tensor)
    assert torch.equal(found, tensor)
    assert found.is_contiguous()


def test_a_change_stays_in_memory(medium):
    _, pid = TorchTensorSerializer.pickle(torch.zeros(5), medium.writing)
    found = TorchTensorSerializer.unpickle(pid, medium.reading)
    found += 1
    assert TorchTensorSerializer.unpickle(pid, medium.reading).tolist() == [0.0] * 5


def test_what_comes_back_is_the_file(tmp_path, monkeypatch):
    mapped = []
    real = mmap.mmap
    monkeypatch.setattr(mmap, "mmap", lambda *a, **k: mapped.append(real(*a, **k)) or mapped[-1])
    medium = Medium("files", tmp_path)
    found = medium.kept(TorchTensorSerializer, torch.arange(1000))
    assert len(mapped) == 1
    # It outlives the file, too.
    (tmp_path / medium.files()[0]).unlink()
    assert found.sum() == 499500


def test_anybody_can_read_the_file(tmp_path):
    from safetensors.torch import load_file

    medium = Medium("files", tmp_path)
    TorchTensorSerializer.pickle(torch.arange(5), medium.writing)
    assert load_file(tmp_path / medium.files()[0])["tensor"].tolist() == [0, 1, 2, 3, 4]


def test_removed_means_nothing_is_left(medium):
    assert medium.removes(TorchTensorSerializer, torch.zeros(3))


class Mine(torch.Tensor):
    pass


def with_gradient():
    tensor = torch.ones(2, requires_grad=True)
    tensor.sum().backward()
    return tensor


def with_attribute():
    tensor = torch.ones(2)
    tensor.note = "mine"
    return tensor


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (torch.ones(2).as_subclass(Mine), "Mine"),
        (torch.eye(3).to_sparse(), "layout"),
        (torch.ones(2, device="meta"), "meta"),
        (torch.ones(2, requires_grad=True) * 2, "history"),
        (with_gradient(), "has a gradient"),
        (with_attribute(), "attributes"),
        (torch.zeros(2, dtype=torch.bits8), "bits8"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_would_change_is_refused(medium, tensor, says):
    with pytest.raises(SerializationError, match=says):
        TorchTensorSerializer.pickle(tensor, medium.writing)
    assert medium.files() == []


def test_its_class():
    assert TorchTensorSerializer.serializer_class is torch.Tensor
