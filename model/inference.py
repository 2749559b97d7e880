"""One step of a trained Network for a whole batch, made fast: tables instead of input products, one product a layer."""

import torch
from torch import Tensor
from torch.nn import functional as F

from model.network import Network, NetworkConfig, with_copies

# How many rows are multiplied at once. Libraries sum in another order for other numbers of rows, each machine's in its
# own way, so only numbers are used that were seen to give the same as COMMON.
COUNTS = {"cpu": [2**i for i in range(10)], "cuda": [2**i for i in range(13)]}
COMMON = 64  # AMX sums 64 to 256 rows alike, and fewer otherwise; so few are not much faster there than 64
SEEN = 128  # rows, at least, that a number of rows has to give alike: some kernels round one number of 10,000 otherwise
BF16 = ("avx512_bf16", "amx_bf16", "bf16")  # what processors call it


def best_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it natively, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    mkldnn = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()  # type: ignore[no-untyped-call]
    able = torch.cpu.get_capabilities()  # oneDNN says yes too where it has to imitate them
    return torch.bfloat16 if mkldnn and any(able.get(name) for name in BF16) else torch.float32


def mixed(device: torch.device) -> torch.autocast:
    """Products inside are bfloat16 where `best_dtype` is; a third of the time of an LSTM's float32 with AMX."""
    dtype = best_dtype(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16)


class _Product:
    """x -> x @ weight.T + bias, with the weight laid out once as the device likes it.

    A row's product is the same to the last bit whatever rows are beside it, and however many.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.count, self.size = weight.numel(), weight.element_size()
        # oneDNN's own layout: 1.1 (batch 64) to 1.6 times (batch 8) the speed of F.linear, which lays out at every call
        mkldnn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        fits = weight.dtype in (torch.float32, best_dtype(weight.device))
        self._packed = weight.device.type == "cpu" and mkldnn and fits
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight) if self._packed else weight
        self._bias = bias
        counts = COUNTS[weight.device.type]
        x = torch.randn(counts[-1], weight.shape[1], generator=torch.Generator().manual_seed(0))
        x = x.to(weight.device, weight.dtype)
        wanted = self._in_parts(x, [COMMON] * (len(x) // COMMON))

        def alike(rows: int) -> bool:
            seen = max(rows, SEEN)
            return torch.equal(self._in_parts(x[:seen], [rows] * (seen // rows)), wanted[:seen])

        self.counts = [rows for rows in counts if alike(rows)]

    def __call__(self, x: Tensor) -> Tensor:
        if len(x) in self.counts:
            return self._multiply(x)
        parts, left = list[int](), len(x)
        for rows in reversed(self.counts):
            if rows >= COMMON:
                parts += left // rows * [rows]
                left %= rows
        parts += [rows for rows in self.counts if rows >= left][:1] if left else []
        return self._in_parts(F.pad(x, (0, 0, 0, sum(parts) - len(x))), parts)[: len(x)]

    def _in_parts(self, x: Tensor, parts: list[int]) -> Tensor:
        products = [self._multiply(part) for part in (torch.split(x, parts) if len(parts) > 1 else (x,))]
        return torch.cat(products) if len(products) > 1 else products[0]

    def _multiply(self, x: Tensor) -> Tensor:
        if self._packed:
            product: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
            return product
        return F.linear(x, self._weight, self._bias)


class Stepper:
    """A Network's inference, a step at a time. Weights are copied in `dtype` when it is made.

    A row's numbers do not depend on the rows beside it.
    """

    def __init__(self, network: Network, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        config: NetworkConfig = network.config
        self.config, self.device, self.dtype = config, device, dtype
        weights: dict[str, Tensor] = {name: tensor.float() for name, tensor in network.state_dict().items()}

        def bias(layer: int) -> Tensor:
            return weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"]

        def ready(weight: Tensor) -> Tensor:
            return weight.to(device, dtype).contiguous()

        columns = torch.split(weights["lstm.weight_ih_l0"], list(config.input_widths), dim=1)
        tables = [weights[f"embeddings.{i}.weight"] @ column.T for i, column in enumerate(columns)]
        self._table = torch.cat([tables[0] + bias(0), *tables[1:]]).to(device)
        self._offsets = torch.tensor([0, *config.input_sizes[:-1]]).cumsum(0).to(device)
        self._layers = [_Product(ready(weights["lstm.weight_hh_l0"]), None)]
        for layer in range(1, config.layers):
            both = torch.cat([weights[f"lstm.weight_{kind}_l{layer}"] for kind in ("ih", "hh")], dim=1)
            self._layers.append(_Product(ready(both), ready(bias(layer))))
        self._out = _Product(ready(weights["output.weight"]), ready(weights["output.bias"]))

    @property
    def weight_bytes(self) -> int:
        """Bytes of weights that a step reads, the table look-ups left out."""
        return sum(product.count * product.size for product in (*self._layers, self._out))

    @property
    def flops(self) -> int:
        """Floating point operations of the products, for one row of one step."""
        return sum(2 * product.count for product in (*self._layers, self._out))

    def zeros(self, rows: int) -> Tensor:
        """The state of `rows` rows that have read nothing: [layers, 2 (h, c), rows, hidden], always float32."""
        return torch.zeros(self.config.layers, 2, rows, self.config.hidden, device=self.device)

    def step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """Read `inputs` [rows, number of inputs] into `state`, in place; logits [rows, vocabulary] in float32."""
        looked_up = F.embedding_bag(inputs + self._offsets, self._table, mode="sum")
        below: Tensor | None = None
        for product, (h, c) in zip(self._layers, state, strict=True):
            gates = self._product(product, h) + looked_up if below is None else self._product(product, below, h)
            i, f, g, o = gates.chunk(4, dim=1)
            c.mul_(f.sigmoid_()).addcmul_(i.sigmoid_(), g.tanh_())
            torch.mul(o.sigmoid_(), c.tanh(), out=h)
            below = h
        assert below is not None
        return with_copies(self._product(self._out, below), inputs, self.config)

    def _product(self, product: _Product, *x: Tensor) -> Tensor:
        return product((torch.cat(x, dim=1) if len(x) > 1 else x[0]).to(self.dtype)).float()
