"""Fast inference of a trained Network, a step at a time: tables in place of input products, one product a layer.

Products are of whole numbers (model.network.int8_matmul), so a tune is the same whatever its batch. On a CPU the rest
is compiled (model.network.kernels) and the same on every machine too; an accelerator uses torch's operations, whose
rounding is its own.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from model.network import kernels
from model.network.int8_matmul import Product
from model.network.kernels import ONE
from model.network.lstm import Network, NetworkConfig, with_copies

_LARGEST = 2**15 - 1  # in int16


class Stepper:
    """A Network's inference for a batch of rows, with weights rounded to int8.

    A row's logits do not depend on the rows beside it.
    """

    def __init__(self, network: Network, device: torch.device, compiled: bool | None = None) -> None:
        """`compiled`: whether Numba's kernels are used; by default on a CPU."""
        config: NetworkConfig = network.config
        self.config, self.device = config, device
        self.compiled = device.type == "cpu" if compiled is None else compiled
        weights: dict[str, Tensor] = {name: weight.cpu() for name, weight in network.state_dict().items()}

        def bias(layer: int) -> Tensor:
            return weights[f"lstm.bias_ih_l{layer}"].double() + weights[f"lstm.bias_hh_l{layer}"].double()

        def tables() -> Iterator[Tensor]:
            """Of each input; in float64, where a processor's own order of sums cannot change the rounded number."""
            columns = torch.split(weights["lstm.weight_ih_l0"], list(config.input_widths), dim=1)
            for i, column in enumerate(columns):
                product = weights[f"embeddings.{i}.weight"].double() @ column.double().T
                yield product if i else product + bias(0)

        unit = max(float(table.abs().max()) for table in tables()) / _LARGEST
        # as whole numbers their sums are exact, and they are half the bytes of float32
        table = torch.cat([(table / unit).round().to(torch.int16) for table in tables()])
        self._layers = [_Layer(weights["lstm.weight_hh_l0"], table, unit, device)]
        for layer in range(1, config.layers):
            both = torch.cat([weights[f"lstm.weight_{kind}_l{layer}"] for kind in ("ih", "hh")], dim=1)
            self._layers.append(_Layer(both, bias(layer)[None], 1.0, device))
        self._out = _Layer(weights["output.weight"], weights["output.bias"], 1.0, device)
        self._offsets = torch.tensor([0, *config.input_sizes[:-1]]).cumsum(0).to(device)
        self._added, self._copied = self._offsets.cpu().numpy(), np.array(config.lookbacks, dtype=np.int64)

    @property
    def method(self) -> str:
        """The name of the method by which most weights are multiplied, see int8_matmul."""
        methods: Counter[str] = Counter()
        for layer in (*self._layers, self._out):
            methods[layer.product.method] += layer.product.count
        return methods.most_common(1)[0][0]

    @property
    def weights(self) -> int:
        """How many weights a step multiplies with, the tables of the inputs not counted."""
        return sum(layer.product.count for layer in (*self._layers, self._out))

    def zeros(self, rows: int) -> Tensor:
        """The state of `rows` rows before their first token: [layers, 2 (h, c), rows, hidden] float32."""
        return torch.zeros(self.config.layers, 2, rows, self.config.hidden, device=self.device)

    def step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """One step from `inputs` [rows, number of inputs] int64: logits [rows, vocabulary] float32.

        Changes `state` in place, see zeros.
        """
        return self._step_compiled(inputs, state) if self.compiled else self._step(inputs, state)

    def _step_compiled(self, inputs: Tensor, state: Tensor) -> Tensor:
        rows, hidden, ids, below = len(inputs), self.config.hidden, inputs.numpy(), None
        padded = _padded(rows)
        looked_up = ids + self._added
        for layer, (h, c) in zip(self._layers, state.numpy(), strict=True):
            whole = np.zeros((padded, hidden if below is None else 2 * hidden), np.int8)
            kernels.quantise(h, whole[:, -hidden:])
            if below is not None:
                kernels.quantise(below, whole[:, :hidden])
                looked_up = np.zeros((rows, 1), np.int64)  # the bias
            products = layer.product(torch.from_numpy(whole)).numpy()
            kernels.update_state(products, layer.scale, layer.array, layer.unit, looked_up, h, c)
            below = h
        assert below is not None
        whole, logits = np.zeros((padded, hidden), np.int8), np.empty((rows, self.config.vocabulary), np.float32)
        kernels.quantise(below, whole)
        products = self._out.product(torch.from_numpy(whole)).numpy()
        kernels.output_logits(products, self._out.scale, self._out.array, ids, self._copied, logits)
        return torch.from_numpy(logits)

    def _step(self, inputs: Tensor, state: Tensor) -> Tensor:
        first, below = self._layers[0], None
        looked_up = first.table[inputs + self._offsets].sum(1, dtype=torch.int32) * float(first.unit)
        for layer, (h, c) in zip(self._layers, state, strict=True):
            gates = layer.times(h) + looked_up if below is None else layer.times(below, h) + layer.table
            i, f, g, o = gates.chunk(4, dim=1)
            c.mul_(f.sigmoid_()).addcmul_(i.sigmoid_(), g.tanh_())
            torch.mul(o.sigmoid_(), c.tanh(), out=h)
            below = h
        assert below is not None
        return with_copies(self._out.times(below) + self._out.table, inputs, self.config)


def _padded(rows: int) -> int:
    """How many rows to multiply: few different numbers, since oneDNN caches half a megabyte for each."""
    return -rows // 16 * -16 if rows > 16 else 1 << (rows - 1).bit_length()


class _Layer:
    """Weights as a Product, and a table of rows to add to its results, in multiples of `unit`."""

    def __init__(self, weight: Tensor, table: Tensor, unit: float, device: torch.device) -> None:
        table = table.float() if table.is_floating_point() else table
        self.product, self.table, self.unit = Product(weight, device), table.to(device), np.float32(unit)
        self.scale, self.array = self.product.scale.cpu().numpy(), table.numpy()  # for the kernels

    def times(self, *x: Tensor) -> Tensor:
        """Tensors [rows, width] between -1 and 1, side by side, times the weights: [rows, out] float32."""
        whole = (torch.cat(x, dim=1) * ONE).round().to(torch.int8)
        return self.product(whole).float() * self.product.scale
