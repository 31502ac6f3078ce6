"""PyTorch's values: tensors by dtype, shape, device and content."""

from typing import Any

import torch

from holdall.errors import SerializationError
from holdall.fingerprint.attributes import Attributes

Parts = tuple[Any, ...]


def of_tensor(value: Any) -> Parts:
    """Describe a tensor by its bytes in C order, wherever they lie."""
    if value.layout is not torch.strided or value.is_quantized or value.is_meta:
        raise SerializationError(
            f"a tensor of layout {value.layout} on {value.device} is not taken apart; pass a dense copy"
        )
    still = value.detach().resolve_conj().resolve_neg().cpu().contiguous()
    return (
        "torch.Tensor",
        type(value),
        str(value.dtype),
        tuple(value.shape),
        value.device.type,
        value.requires_grad,
        still.reshape(-1).view(torch.uint8).numpy() if still.numel() else None,
        Attributes(getattr(value, "__dict__", {})),
    )


def of_name(value: Any) -> Parts:
    """Describe a dtype, a device or a layout by its name."""
    return ("torch.name", type(value).__name__, str(value))


def of_size(value: Any) -> Parts:
    """Describe a shape."""
    return ("torch.Size", tuple(value))


def of_generator(value: Any) -> Parts:
    """Describe a generator of random numbers by its state."""
    return ("torch.Generator", str(value.device), value.get_state())


TABLE: dict[type, Any] = {}
WHOLE: dict[type, Any] = {
    torch.Tensor: of_tensor,
    torch.dtype: of_name,
    torch.device: of_name,
    torch.layout: of_name,
    torch.Size: of_size,
    torch.Generator: of_generator,
}
