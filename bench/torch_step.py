#!/usr/bin/env python3
"""The training step of a preset's bottom stack in PyTorch, whatever version is there: to compare with
`sgan-bench step --stack 0`, whose lines (and --json objects) these are like.

The networks, losses and updates are those of presets/cifar10.cfg and presets/mnist.cfg: noise and dropout in the
discriminator, batch normalisation, a logit for each class (MNIST: one), L_cond through the frozen encoder, L_ent in
both losses. In a D step the generator runs under no_grad; in a G step D's weights ask for no gradients. PyTorch does
as it does by default but for this: gradients are set to None instead of to zeros, and Adam is the implementation (fused,
foreach or plain) that a trial finds fastest; its epsilon is PyTorch's, outside the root.

Both memory layouts are timed in turn, run by run; the median counts."""

import argparse
import ctypes
import json
import os
import statistics
import sys
import time

# What may make an OpenBLAS below PyTorch compute with other kernels than its own choice, which it reads when it is
# loaded; begin_blas may come back here with a better one.
BLAS_FOUND = os.environ.pop("SGAN_BENCH_OPENBLAS_FOUND", None)
if BLAS_FOUND is None:
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)

import torch
from torch import nn
import torch.nn.functional as F

BATCH_NORM = {"eps": 1e-6, "momentum": 0.1}
LAMBDA_ENT = 10.0


class Generator(nn.Module):
    """z through its own layers, beside h; then a dense layer and deconvolutions."""

    def __init__(self, noise, widths, image, deconvolutions):
        super().__init__()
        layers = []
        for out in widths:
            layers += [nn.Linear(noise, out, bias=False), nn.BatchNorm1d(out, **BATCH_NORM), nn.ReLU(True)]
            noise = out
        self.of_z = nn.Sequential(*layers)
        self.image = image  # channels, height, width
        size = image[0] * image[1] * image[2]
        self.fc = nn.Sequential(
            nn.Linear(256 + noise, size, bias=False), nn.BatchNorm1d(size, **BATCH_NORM), nn.ReLU(True)
        )
        layers = []
        channels = image[0]
        for i, (out, stride) in enumerate(deconvolutions):
            last = i + 1 == len(deconvolutions)
            padding = {"padding": 2, "output_padding": 1} if stride == 2 else {}
            layers += [nn.ConvTranspose2d(channels, out, 5, stride, bias=last, **padding)]
            layers += [nn.Sigmoid()] if last else [nn.BatchNorm2d(out, **BATCH_NORM), nn.ReLU(True)]
            channels = out
        self.deconvolutions = nn.Sequential(*layers)

    def forward(self, h, z):
        h = self.fc(torch.cat((h, self.of_z(z)), 1)).view(-1, *self.image)
        return self.deconvolutions(h)


class Noise(nn.Module):
    def __init__(self, sigma):
        super().__init__()
        self.sigma = sigma

    def forward(self, x):
        return x + self.sigma * torch.randn_like(x)


class CifarDiscriminator(nn.Module):
    def __init__(self):
        super().__init__()

        def conv(into, out, kernel, stride, pad, bn):
            layers = [nn.Conv2d(into, out, kernel, stride, pad, bias=not bn)]
            layers += [nn.BatchNorm2d(out, **BATCH_NORM)] if bn else []
            return layers + [nn.LeakyReLU(0.2, True)]

        self.trunk = nn.Sequential(
            Noise(0.05),
            *conv(3, 96, 3, 1, 1, False),
            *conv(96, 96, 3, 2, 1, True),
            nn.Dropout(0.1),
            *conv(96, 192, 3, 1, 1, True),
            *conv(192, 192, 3, 2, 1, True),
            nn.Dropout(0.1),
            *conv(192, 192, 3, 1, 0, True),
            *conv(192, 192, 1, 1, 0, False),
        )
        self.d = nn.Linear(192, 10)
        self.q = nn.Linear(192 * 36, 16)

    def forward(self, x):
        h = self.trunk(x)
        return self.d(h.mean((2, 3))), self.q(h.flatten(1))


class MnistDiscriminator(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for into, out in ((1, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(into, out, 5, 2, 2), nn.LeakyReLU(0.2, True)]
        self.trunk = nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 256), nn.LeakyReLU(0.2, True))
        self.d = nn.Linear(256, 1)
        self.q = nn.Sequential(nn.Linear(256, 50), nn.Sigmoid())

    def forward(self, x):
        h = self.trunk(x)
        return self.d(h), self.q(h)


def encoder(channels, widths, flat):
    """Up to fc3, where the bottom stack is cut."""
    return nn.Sequential(
        nn.Conv2d(channels, widths[0], 5), nn.ReLU(True), nn.MaxPool2d(2),
        nn.Conv2d(widths[0], widths[1], 5), nn.ReLU(True), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(flat, 256), nn.ReLU(True),
    )  # fmt: skip


PRESETS = {
    "cifar10": {
        "image": (3, 32, 32),
        "noise": 16,
        "encoder": lambda: encoder(3, (64, 128), 3200),
        "generator": lambda: Generator(16, (128, 128), (256, 5, 5), ((256, 2), (128, 1), (128, 2), (3, 1))),
        "discriminator": CifarDiscriminator,
    },
    "mnist": {
        "image": (1, 28, 28),
        "noise": 50,
        "encoder": lambda: encoder(1, (32, 32), 512),
        "generator": lambda: Generator(50, (128,), (128, 4, 4), ((128, 2), (64, 1), (64, 2), (1, 1))),
        "discriminator": MnistDiscriminator,
    },
}


def work_of(net, *inputs):
    """Multiply-adds of a forward pass for one image: of all linear layers, and of those that read inputs alone.
    Counted as bench/work.c does: taps on padding count, zeros between strides do not."""
    rows = []

    def count(layer, args, out):
        x = args[0]
        images = x.shape[0]
        if isinstance(layer, nn.ConvTranspose2d):
            rows.append(x.shape[2] * x.shape[3] * layer.weight.numel())
        elif isinstance(layer, nn.Conv2d):
            rows.append(out.numel() / images * layer.weight[0].numel())
        else:
            rows.append(layer.weight.numel())

    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, kinds)]
    with torch.no_grad():
        net(*inputs)
    for hook in hooks:
        hook.remove()
    return sum(rows), rows[0]  # in both networks the first layer is the one


ADAM = {"lr": 1e-4, "betas": (0.5, 0.999), "eps": 1e-8}


def fastest_adam(make_net):
    """The name and arguments of the implementation whose step over these parameters takes least."""
    best = None
    for name, arguments in (("fused", {"fused": True}), ("foreach", {"foreach": True}), ("plain", {"foreach": False})):
        parameters = list(make_net().parameters())
        try:
            adam = torch.optim.Adam(parameters, **ADAM, **arguments)
            for p in parameters:
                p.grad = torch.rand_like(p)
            times = []
            for _ in range(6):
                begin = time.perf_counter()
                adam.step()
                times.append(time.perf_counter() - begin)
        except (RuntimeError, TypeError, ValueError):
            continue  # not in this version, or not on a CPU
        seconds = statistics.median(times[1:])
        if best is None or seconds < best[0]:
            best = (seconds, name, arguments)
    return best[1], best[2]


class Step:
    """Networks in one memory layout, and the parts of a step on one batch."""

    def __init__(self, preset, batch, layout, adam):
        p = PRESETS[preset]
        form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
        torch.manual_seed(1)
        self.binary = preset == "mnist"
        self.noise = p["noise"]
        self.batch = batch
        self.e = p["encoder"]().to(memory_format=form).eval().requires_grad_(False)
        self.g = p["generator"]().to(memory_format=form).train()
        self.d = p["discriminator"]().to(memory_format=form).train()
        self.x = torch.rand(batch, *p["image"]).contiguous(memory_format=form)
        self.labels = torch.arange(batch) % 10
        self.adam_d = torch.optim.Adam(self.d.parameters(), **ADAM, **adam)
        self.adam_g = torch.optim.Adam(self.g.parameters(), **ADAM, **adam)
        self.encode()

    def encode(self):
        with torch.no_grad():
            self.h = self.e(self.x)

    def adversarial(self, logits, real):
        """-log D where it is to be real, -log(1 - D) where not, by the logit, or the log of the classes' sum."""
        z = logits if self.binary else torch.logsumexp(logits, 1)
        return F.softplus(-z if real else z).mean()

    def d_step(self):
        z = torch.rand(self.batch, self.noise)
        with torch.no_grad():
            generated = self.g(self.h, z)
        self.adam_d.zero_grad(set_to_none=True)
        real, _ = self.d(self.x)
        fake, code = self.d(generated)
        loss = 0.5 * self.adversarial(real, True) + 0.5 * self.adversarial(fake, False)
        if not self.binary:
            loss = loss + F.cross_entropy(real, self.labels)
        (loss + LAMBDA_ENT * F.mse_loss(code, z)).backward()
        self.adam_d.step()

    def g_step(self):
        z = torch.rand(self.batch, self.noise)
        self.d.requires_grad_(False)
        self.adam_g.zero_grad(set_to_none=True)
        generated = self.g(self.h, z)
        fake, code = self.d(generated)
        loss = self.adversarial(fake, True) + F.mse_loss(self.e(generated), self.h)
        (loss + LAMBDA_ENT * F.mse_loss(code, z)).backward()
        self.adam_g.step()
        self.d.requires_grad_(True)

    def work(self):
        """FLOP of the parts for one image, by the passes that they need (bench/work.c)."""
        g, g_first = work_of(self.g, self.h, torch.rand(self.batch, self.noise))
        d, d_first = work_of(self.d, self.x)
        e, _ = work_of(self.e, self.x)
        return 2 * e, 2 * (g + 2 * (3 * d - d_first)), 2 * (g + 2 * d + 2 * e + 2 * g - g_first)


PARTS = ("E(x)", "D step", "G step")


def time_step(step):
    """Seconds of each part."""
    times = [time.perf_counter()]
    for part in (step.encode, step.d_step, step.g_step):
        part()
        times.append(time.perf_counter())
    return [b - a for a, b in zip(times, times[1:])]


def versions():
    shown = torch.__config__.show()
    onednn = [line.split("MKL-DNN")[1].split("(")[0].strip() for line in shown.splitlines() if "MKL-DNN v" in line]
    capability = [line.split(":")[1].strip() for line in shown.splitlines() if "CPU capability" in line]
    return (onednn or ["none"])[0], (capability or ["unknown"])[0]


def openblas_core():
    """The family of kernels that an OpenBLAS in this process uses; None: there is none."""
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            paths = {line.split(maxsplit=5)[5].strip() for line in maps if "blas" in line}
    except OSError:
        return None
    for path in sorted(paths):
        try:
            core = ctypes.CDLL(path).openblas_get_corename
        except (OSError, AttributeError):
            continue
        core.restype = ctypes.c_char_p
        return core().decode()
    return None


def begin_blas():
    """An OpenBLAS older than the CPU takes kernels from before AVX: start anew with the best that it has."""
    core = openblas_core()
    if core not in ("Prescott", "Core2", "Penryn", "Nehalem") or BLAS_FOUND is not None:
        return core
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        flags = next((line for line in info if line.startswith("flags")), "").split()
    better = "SkylakeX" if "avx512f" in flags else "Haswell" if "avx2" in flags else None
    if better is None:
        return core
    os.environ["OPENBLAS_CORETYPE"] = better
    os.environ["SGAN_BENCH_OPENBLAS_FOUND"] = core
    os.execv(sys.executable, [sys.executable, *sys.argv])


def cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            return next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown CPU"


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("a positive number expected")
    return value


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--preset", choices=sorted(PRESETS), default="cifar10")
    parser.add_argument("--threads", type=positive, default=None, help="(PyTorch's choice)")
    parser.add_argument("--batch", type=positive, default=100)
    parser.add_argument("--runs", type=positive, default=10)
    parser.add_argument("--layout", choices=("channels_last", "contiguous"), help="this alone (both)")
    parser.add_argument("--peak", type=float, default=0, help="GFLOP/s, for percent_of_peak (see sgan-bench peak)")
    parser.add_argument("--json", action="store_true", help="an object a line")
    return parser.parse_args()


def print_header(arguments, adam, blas):
    onednn, capability = versions()
    header = {
        "benchmark": "torch_step", "cpu": cpu_name(), "threads": torch.get_num_threads(), "preset": arguments.preset,
        "batch": arguments.batch, "torch": torch.__version__, "onednn": onednn, "isa": capability, "adam": adam,
        "openblas": f"{blas} (asked for; it had taken {BLAS_FOUND})" if BLAS_FOUND else blas,
    }  # fmt: skip
    if arguments.json:
        print(json.dumps({"header": header}), flush=True)
        return
    print(
        f"# torch_step: PyTorch {torch.__version__}, oneDNN {onednn}, {capability}, {torch.get_num_threads()} threads, "
        f"preset {arguments.preset}, stack 0, batch {arguments.batch}, Adam: {adam}\n# {cpu_name()}"
    )
    if blas is not None:
        print(f"# OpenBLAS's kernels: {header['openblas']}")
    print(f"{'step':46} {'ms':>10} {'GFLOP/s':>9} {'% peak':>7}", flush=True)


def print_row(arguments, layout, part, seconds, flop):
    gflops = flop / seconds / 1e9
    row = {
        "step": part, "stage": "independent", "stack": 0, "preset": arguments.preset,
        "torch": torch.__version__, "layout": layout, "threads": torch.get_num_threads(), "batch": arguments.batch,
        "ms": round(seconds * 1e3, 3), "images_per_second": round(arguments.batch / seconds, 2),
        "gflops": round(gflops, 2),
    }  # fmt: skip
    if arguments.peak > 0:
        row["percent_of_peak"] = round(100 * gflops / arguments.peak, 2)
    if arguments.json:
        print(json.dumps(row), flush=True)
        return
    percent = f"{row['percent_of_peak']:7.1f}" if arguments.peak > 0 else " " * 7
    print(f"{layout + ': ' + part:46} {row['ms']:10.2f} {gflops:9.1f} {percent} {row['images_per_second']:9.0f} images/s")


def main():
    arguments = read_arguments()
    blas = begin_blas()
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    adam, adam_arguments = fastest_adam(PRESETS[arguments.preset]["generator"])
    layouts = (arguments.layout,) if arguments.layout else ("channels_last", "contiguous")
    print_header(arguments, adam, blas)
    steps = {layout: Step(arguments.preset, arguments.batch, layout, adam_arguments) for layout in layouts}
    times = {layout: [] for layout in layouts}
    for run in range(arguments.runs + 2):
        for layout in layouts:
            taken = time_step(steps[layout])
            if run >= 2:
                times[layout].append(taken)
    for layout in layouts:
        work = [arguments.batch * w for w in steps[layout].work()]
        whole = statistics.median(sum(t) for t in times[layout])
        print_row(arguments, layout, "E(x) + D step + G step", whole, sum(work))
        for i, part in enumerate(PARTS):
            print_row(arguments, layout, part, statistics.median(t[i] for t in times[layout]), work[i])
    return 0


if __name__ == "__main__":
    sys.exit(main())
