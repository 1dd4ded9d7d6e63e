"""Makes the files beside it: weights, an input and the outputs of PyTorch's recurrent layers.

Run with Python, PyTorch and safetensors: `python make.py`. See README.md.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

FOLDER = Path(__file__).parent
STEPS, BATCH, INPUT_SIZE, HIDDEN_SIZE = 5, 2, 3, 4


def write(name, seed, layer, prefix, extra):
    """Weights that a training could have left, an input, and all outputs from zero states."""
    torch.manual_seed(seed)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    x = torch.randn(STEPS, BATCH, INPUT_SIZE)
    with torch.no_grad():
        output, last = layer(x)
    tensors = {prefix + key: value for key, value in layer.state_dict().items()}
    tensors |= {"x": x, "output": output}
    if isinstance(layer, torch.nn.LSTM):
        tensors |= {"h_n": last[0], "c_n": last[1]}
    else:
        tensors |= {"h_n": last}
    tensors |= extra
    tensors = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    save_file(tensors, FOLDER / f"{name}.safetensors")


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    sizes = (INPUT_SIZE, HIDDEN_SIZE)
    stack = {"num_layers": 2, "bidirectional": True}
    whole_model = {
        "head.weight": torch.ones(2, 2 * HIDDEN_SIZE),
        "norm.num_batches_tracked": torch.tensor(7),
    }
    write("lstm", 1, torch.nn.LSTM(*sizes), "", {})
    write("lstm_stack", 2, torch.nn.LSTM(*sizes, **stack), "rnn.", whole_model)
    write("lstm_no_bias", 3, torch.nn.LSTM(*sizes, bias=False), "", {})
    write("lstm_projection", 4, torch.nn.LSTM(*sizes, proj_size=2), "", {})
    write("gru", 5, torch.nn.GRU(*sizes), "", {})
    write("gru_stack", 6, torch.nn.GRU(*sizes, **stack), "rnn.", whole_model)


if __name__ == "__main__":
    main()
