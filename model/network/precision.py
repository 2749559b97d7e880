"""The floating-point type that training multiplies in, by device."""

import torch

BF16 = ("avx512_bf16", "amx_bf16", "bf16")  # processors' names for it


def best_dtype(device: torch.device) -> torch.dtype:
    """What to train in: bfloat16 where the hardware multiplies it natively, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    mkldnn = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()  # type: ignore[no-untyped-call]
    able = torch.cpu.get_capabilities()  # oneDNN also answers yes where it emulates bfloat16
    return torch.bfloat16 if mkldnn and any(able.get(name) for name in BF16) else torch.float32


def mixed(device: torch.device) -> torch.autocast:
    """A context in which products are bfloat16 where `best_dtype` is; with AMX they take a third of float32's time."""
    dtype = best_dtype(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16)
