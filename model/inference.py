"""One step of a trained Network for a whole batch, made fast: tables instead of input products, one product a layer."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from model.network import Network, NetworkConfig, with_copies

ROWS = 8  # from so many rows up, float32 products are the same to the last bit whatever the batch
SLICE, WIDE = (
    32,
    512,
)  # up to so many, and of so many, bfloat16 products of AMX are the same; between, it sums otherwise


def best_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it natively, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    native = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()  # type: ignore[no-untyped-call]
    return torch.bfloat16 if native else torch.float32


def mixed(device: torch.device) -> torch.autocast:
    """Products inside are bfloat16 where `best_dtype` is; a third of the time of an LSTM's float32 with AMX."""
    dtype = best_dtype(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16)


class _Product:
    """x -> x @ weight.T + bias, with the weight laid out once as the device likes it.

    Where `at_once` names numbers of rows, greatest first, only so many are multiplied at once, or fewer than the last.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.inputs, self.count, self.size = weight.shape[1], weight.numel(), weight.element_size()
        # oneDNN's own layout: 1.1 (batch 64) to 1.6 times (batch 8) the speed of F.linear, which lays out at every call
        mkldnn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        fits = weight.dtype in (torch.float32, best_dtype(weight.device))
        self._packed = weight.device.type == "cpu" and mkldnn and fits
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight) if self._packed else weight
        self._bias = bias
        self.at_once: tuple[int, ...] = ()

    def __call__(self, x: Tensor) -> Tensor:
        if not self.at_once or len(x) <= self.at_once[-1]:
            return self._multiply(x)
        parts, left = list[int](), len(x)
        for rows in self.at_once:
            parts += left // rows * [rows]
            left %= rows
        return torch.cat([self._multiply(part) for part in torch.split(x, parts + [left] * (left > 0))])

    def _multiply(self, x: Tensor) -> Tensor:
        if self._packed:
            product: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
            return product
        return F.linear(x, self._weight, self._bias)


class Stepper:
    """A Network's inference, a step at a time. Weights are copied in `dtype` when it is made.

    Rows come in multiples of `block`, so that a row's numbers do not depend on the rows beside it.
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
        products = (*self._layers, self._out)
        self.block = 1 if all(self._alike(product, (1, 2, 3, 5, 8, 16, SLICE)) for product in products) else ROWS
        for product in products:
            if not self._alike(product, (SLICE, SLICE + ROWS, 64, 96, 200, 256, 384)):
                product.at_once = (WIDE, SLICE) if self._alike(product, (SLICE, WIDE)) else (SLICE,)

    def _alike(self, product: "_Product", batches: Sequence[int]) -> bool:
        """Whether a row's product is the same to the last bit in batches of so many rows."""
        x = torch.randn(max(batches), product.inputs, generator=torch.Generator().manual_seed(0))
        whole = product(x := x.to(self.device, self.dtype))
        return all(torch.equal(product(x[:rows]), whole[:rows]) for rows in batches)

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
