"""The PyTorch opponents of peers.py on a GPU, step for step the same program.

    python3 cuda_peers.py STYLE CASE STATE [--threads 2] [--device cuda]

peers.py runs unchanged; only what it asks of PyTorch is answered for another device: tensors are made there, come back
where NumPy is to read them, and a clock is looked at when the device has nothing left to do.
"""
import argparse, runpy, sys, time
from functools import partial
from pathlib import Path

ap = argparse.ArgumentParser(add_help=False)
ap.add_argument("--device", default="cuda")
a, rest = ap.parse_known_args()
if not rest or not rest[0].startswith("torch-"):
    sys.exit(f"cuda_peers.py needs torch-libmtl or torch-batched; found {rest[:1]}. JAX chooses its device itself.")

import torch

if a.device.startswith("cuda") and not torch.cuda.is_available():
    sys.exit(f"cuda_peers.py needs a GPU that PyTorch sees; found none by torch {torch.__version__}. Run peers.py for the CPU.")

from_numpy, numpy, clock = torch.from_numpy, torch.Tensor.numpy, time.perf_counter


def synchronized():
    if a.device.startswith("cuda"):
        torch.cuda.synchronize()
    return clock()


# Not torch.set_default_device, which looks at every call of a step: these are all that peers.py makes tensors with.
torch.zeros = partial(torch.zeros, device=a.device)
torch.nn.Linear = partial(torch.nn.Linear, device=a.device)
torch.from_numpy = lambda array: from_numpy(array).to(a.device)
torch.Tensor.numpy = lambda tensor, **options: numpy(tensor.cpu(), **options)
time.perf_counter = synchronized

sys.argv = ["peers.py", *rest]
runpy.run_path(str(Path(__file__).with_name("peers.py")), run_name="__main__")
