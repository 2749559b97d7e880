"""One step of a trained Network for a whole batch, made fast: tables instead of input products, one product a layer."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from model.network import Network, NetworkConfig


@dataclass(frozen=True)
class _Layer:
    weight: Tensor  # [4 x hidden, inputs from below + hidden]; the first layer's has the hidden columns alone
    bias: Tensor | None  # [4 x hidden]; None where the table holds it


class Stepper:
    """A Network's inference, a step at a time. Weights are copied in `dtype` when it is made."""

    def __init__(self, network: Network, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        config: NetworkConfig = network.config
        self.config, self.device, self.dtype = config, device, dtype
        weights: dict[str, Tensor] = {name: tensor.float() for name, tensor in network.state_dict().items()}

        def bias(layer: int) -> Tensor:
            return weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"]

        def ready(weight: Tensor) -> Tensor:
            return weight.to(device, dtype).contiguous()

        columns = weights["lstm.weight_ih_l0"].split(list(config.input_widths), dim=1)
        tables = [weights[f"embeddings.{i}.weight"] @ column.T for i, column in enumerate(columns)]
        self._table = ready(torch.cat([tables[0] + bias(0), *tables[1:]]))
        self._offsets = torch.tensor([0, *config.input_sizes[:-1]]).cumsum(0).to(device)
        self._layers = [_Layer(ready(weights["lstm.weight_hh_l0"]), None)]
        for layer in range(1, config.layers):
            both = torch.cat([weights[f"lstm.weight_{kind}_l{layer}"] for kind in ("ih", "hh")], dim=1)
            self._layers.append(_Layer(ready(both), ready(bias(layer))))
        self._out, self._out_bias = ready(weights["output.weight"]), ready(weights["output.bias"])

    @property
    def weight_bytes(self) -> int:
        """Bytes of weights that a step reads, the table look-ups left out."""
        products = [self._out, *(layer.weight for layer in self._layers)]
        return sum(weight.numel() * weight.element_size() for weight in products)

    @property
    def flops(self) -> int:
        """Floating point operations of the products for one row of one step."""
        return 2 * self.weight_bytes // self._out.element_size()

    def zeros(self, rows: int) -> Tensor:
        """The state of `rows` rows that have read nothing: [layers, 2 (h, c), rows, hidden]."""
        return torch.zeros(self.config.layers, 2, rows, self.config.hidden, device=self.device, dtype=self.dtype)

    def step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """Read `inputs` [rows, number of inputs] into `state`, in place; logits [rows, vocabulary] in float32."""
        below: Tensor | None = None
        for layer, (h, c) in zip(self._layers, state, strict=True):
            if below is None:
                gates = F.embedding_bag(inputs + self._offsets, self._table, mode="sum")
                gates = torch.addmm(gates, h, layer.weight.T)
            else:
                gates = F.linear(torch.cat([below, h], dim=1), layer.weight, layer.bias)
            i, f, g, o = gates.chunk(4, dim=1)
            c.mul_(f.sigmoid_()).addcmul_(i.sigmoid_(), g.tanh_())
            torch.mul(o.sigmoid_(), c.tanh(), out=h)
            below = h
        assert below is not None
        return F.linear(below, self._out, self._out_bias).float()
