"""PyTorch: each tensor in a file of safetensors, mapped into memory when read back."""

import json
import struct
from typing import Any

from holdall.errors import SerializationError
from holdall.serializers._lazy import ClassOf, known_version, library
from holdall.serializers._medium import File, new_name

__all__ = ["TorchTensorSerializer"]

VERSION = "1"
EXTRA = "torch"
# The tensor's name in its file.
NAME = "tensor"


class TorchTensorSerializer:
    """Keeps each `torch.Tensor` and `torch.nn.Parameter`.

    What comes back has the dtype, the shape and `requires_grad`; and the strides, if the tensor filled its
    memory in some order (contiguous, transposed, channels last), else it is contiguous. It shares no
    memory with another tensor. Only tensors on the CPU are kept, with a layout of strides, and with no
    gradient or history of one; others are refused, not changed.
    """

    name = "TorchTensorSerializer"
    serializer_class = ClassOf("torch:Tensor", EXTRA)

    @classmethod
    def pickle(cls, obj: Any, protocols: dict[str, Any]) -> tuple[str, Any]:
        """Write a tensor. Raises SerializationError for one that would not come back as it is."""
        torch = library("torch", EXTRA)
        save = library("safetensors.torch", EXTRA).save
        refused = why_not(obj)
        if refused:
            raise refusal(obj, refused)
        tensor = obj.detach().resolve_conj().resolve_neg()
        strides = [*tensor.stride()] if fills_memory(tensor) else None
        if strides is not None:
            tensor = tensor.as_strided((tensor.numel(),), (1,))
        # Of complex numbers safetensors knows only the smaller ones.
        wide = tensor.dtype is torch.complex128
        there = torch.view_as_real(tensor) if wide else tensor
        try:
            data = save({NAME: there.contiguous()})
        except KeyError as error:
            raise refusal(obj, f"safetensors has no dtype {obj.dtype}; convert it") from error
        file = File(protocols, new_name(".safetensors"))
        file.write(data)
        dtype = str(obj.dtype).removeprefix("torch.")
        about = (type(obj).__name__, dtype, [*obj.shape], strides, bool(obj.requires_grad))
        return cls.name, (VERSION, file.name, *about)

    @classmethod
    def unpickle(cls, pid: Any, protocols: dict[str, Any]) -> Any:
        """Return the tensor."""
        known_version(pid, VERSION)
        torch = library("torch", EXTRA)
        _, name, kind, dtype, shape, strides, gradient = pid
        content = File(protocols, name).content(private=True)
        # A number, 64 bits, says how long the description is that the one tensor follows.
        (described,) = struct.unpack("<Q", content[:8])
        begin, end = json.loads(bytes(content[8 : 8 + described]))[NAME]["data_offsets"]
        real = getattr(torch, dtype)
        count = (end - begin) // real.itemsize
        if count:
            start = 8 + described + begin
            tensor = torch.frombuffer(content, dtype=real, count=count, offset=start)
        else:
            tensor = torch.empty(0, dtype=real)
        tensor = tensor.reshape(shape) if strides is None else tensor.as_strided(shape, strides)
        if kind == "Parameter":
            return torch.nn.Parameter(tensor, requires_grad=gradient)
        return tensor.requires_grad_(gradient)

    @classmethod
    def remove(cls, pid: Any, protocols: dict[str, Any]) -> None:
        """Remove what `pickle` wrote."""
        known_version(pid, VERSION)
        File(protocols, pid[1]).remove()


def why_not(tensor: Any) -> str:
    """Return what a tensor has that its file would not, or nothing."""
    import torch

    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        return "its class may have more to it; keep tensor.as_subclass(torch.Tensor)"
    if tensor.layout is not torch.strided or tensor.is_nested or tensor.is_quantized:
        return f"its layout is {tensor.layout}, or it is nested or quantized; keep its parts"
    if tensor.device.type != "cpu":
        return (
            f"it is on {tensor.device}, which may not be there when it is read; keep tensor.cpu()"
        )
    if tensor.grad_fn is not None:
        return "it has a history of gradients; keep tensor.detach()"
    if tensor.grad is not None:
        return "it has a gradient; set tensor.grad = None, or keep tensor.detach() and the gradient"
    hooks = tensor._backward_hooks  # noqa: SLF001 - there is no public name
    # Newer versions have no names.
    if tensor.__dict__ or hooks or any(getattr(tensor, "names", ())):
        return "it has attributes, hooks or names; keep tensor.detach()"
    return ""


def refusal(tensor: Any, why: str) -> SerializationError:
    """Return the error that says why a tensor is not written."""
    kind = type(tensor)
    name = f"{kind.__module__}.{kind.__qualname__}"
    return SerializationError(f"$: {name}: {why}", data_type=name)


def fills_memory(tensor: Any) -> bool:
    """Whether a tensor is all of a piece of memory, in some order of its axes."""
    order = sorted(range(tensor.dim()), key=lambda axis: -tensor.stride(axis))
    return tensor.is_contiguous() or bool(tensor.permute(order).is_contiguous())
