#!/usr/bin/env python3
"""Records what the MNIST stack computes, with PyTorch in float64.

The tests compare libsgan with these files, step by step; they need neither Python nor PyTorch. The models
here are written from the paper and from the published layers and settings, in PyTorch's own operations.
How to run it, and what the files hold: README.md beside this file.
"""
import argparse
import itertools
import json
import math
import pathlib

import numpy
import torch
import torch.nn.functional as F

# Where a ReLU's source or the difference of two pooled values is nearly 0, float and double may honestly take
# different sides, and then gradients differ. So every case has the first seed from 1 on with which none comes
# nearer to 0 than MARGIN of its tensor's root mean square, or SHALLOW_MARGIN where float has seen few operations
# (convolutions of images); float's own error there is about 1e-6 and 1e-7. `--search` finds the seeds.
MARGIN, SHALLOW_MARGIN = 4e-6, 1e-6
SEEDS = {
    "encoder running": 1,
    "g0 running": 3,
    "d0 running": 1,
    "g1 running": 1,
    "d1 running": 1,
    "g0 infer": 5,
    "g1 infer": 1,
    "encoder": 1,
    "independent": 57,
    "joint": 54,
}
BATCH = 4
PAIRS = 3  # D and G steps of a GAN stage, and steps of the encoder
SAMPLES = 64  # elements recorded of each tensor

# Streams of the trainer: purpose << 16 | stage << 8 | stack.
STAGES = {"independent": 1, "joint": 2}
DISCRIMINATOR, GENERATOR = 3, 4
# Streams of these records, beyond the trainer's.
PARAMETERS, INPUTS, HEAD_GRADIENTS, PLACES = 0x600000, 0x610000, 0x630000, 0x640000

BN_EPSILON, BN_MOMENTUM = 1e-6, 0.1
ADAM_EPSILON = 1e-8
LAMBDA_ENT = 10.0


# --- random numbers ----------------------------------------------------------

def philox(seed, stream, step, count):
    """The first `count` words of a stream of Philox 4x32-10, as numbers below 2^32."""
    mask, shift = numpy.uint64(0xFFFFFFFF), numpy.uint64(32)
    blocks = numpy.arange((count + 3) // 4, dtype=numpy.uint64)
    word = [blocks & mask] + [numpy.full_like(blocks, w) for w in (stream, step & 0xFFFFFFFF, step >> 32)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        left, right = word[0] * numpy.uint64(0xD2511F53), word[2] * numpy.uint64(0xCD9E8D57)
        word = [(right >> shift) ^ word[1] ^ numpy.uint64(key[0]), right & mask,
                (left >> shift) ^ word[3] ^ numpy.uint64(key[1]), left & mask]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return numpy.stack(word, axis=1).reshape(-1)[:count]


class Draws:
    """The seed that all numbers are drawn with."""
    seed = 0


def integers(stream, step, count):
    """Integers below 2^24."""
    return philox(Draws.seed, stream, step, count) >> numpy.uint64(8)


def uniform(stream, step, *shape):
    values = integers(stream, step, math.prod(shape)).astype(numpy.float64) / 2.0 ** 24
    return torch.from_numpy(values).reshape(shape)


def hash_name(name):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 % 2 ** 64
    return value


def weight_scale(fan_in):
    """A power of two (so that float holds the weights exactly) that keeps activations near 1."""
    scale = 4.0
    while scale * scale * fan_in > 48:
        scale /= 2
    return scale


# --- networks ----------------------------------------------------------------
# Images are [N, C, H, W] inside, [N, H, W, C] wherever a network begins, ends or meets a dense layer.

def dense(inputs, outputs):
    return {"weight": (inputs, outputs), "fan_in": inputs, "outputs": outputs}


def conv(kernel, inputs, outputs):
    return {"weight": (kernel, kernel, inputs, outputs), "fan_in": kernel * kernel * inputs, "outputs": outputs}


def deconv(kernel, inputs, outputs):
    return {"weight": (kernel, kernel, outputs, inputs), "fan_in": kernel * kernel * inputs, "outputs": outputs}


LAYERS = {  # of each network: the linear layer, and whether batch normalisation follows it
    "encoder": {
        "conv1": (conv(5, 1, 32), False), "conv2": (conv(5, 32, 32), False),
        "fc3": (dense(512, 256), False), "fc4": (dense(256, 10), False)},
    "g0": {
        "fcz": (dense(50, 128), True), "fc": (dense(384, 2048), True),
        "deconv1": (deconv(5, 128, 128), True), "deconv2": (deconv(5, 128, 64), True),
        "deconv3": (deconv(5, 64, 64), True), "deconv4": (deconv(5, 64, 1), False)},
    "g1": {"fc1": (dense(60, 512), True), "fc2": (dense(512, 512), True), "fc3": (dense(512, 256), False)},
    "d0": {
        "conv1": (conv(5, 1, 32), False), "conv2": (conv(5, 32, 64), False), "conv3": (conv(5, 64, 128), False),
        "fc": (dense(2048, 256), False), "d": (dense(256, 1), False), "q": (dense(256, 50), False)},
    "d1": {
        "fc1": (dense(256, 256), False), "fc2": (dense(256, 256), False),
        "d": (dense(256, 1), False), "q": (dense(256, 50), False)},
}


def start_value(name, shape, fan_in=None):
    u = uniform(PARAMETERS, hash_name(name), *shape)
    kind = name.rsplit(".", 1)[1]
    if kind == "weight":
        return (u - 0.5) * weight_scale(fan_in)
    if kind == "gain":
        return 1 + (u - 0.5) * 0.5
    if kind == "var":
        return 0.5 + u
    return (u - 0.5) * 0.25  # bias, shift, mean


class Network:
    """Parameters and running statistics of one network, and its layers' arithmetic."""

    def __init__(self, name):
        self.name = name
        self.values, self.running, self.start = {}, {}, {}
        for layer, (linear, bn) in LAYERS[name].items():
            outputs = (linear["outputs"],)
            self.add(self.values, f"{name}.{layer}.weight", linear["weight"], linear["fan_in"])
            for kind in ("gain", "shift") if bn else ("bias",):
                self.add(self.values, f"{name}.{layer}.{kind}", outputs)
            for kind in ("mean", "var") if bn else ():
                self.add(self.running, f"{name}.{layer}.{kind}", outputs)  # moved by "running" passes alone
        for key, value in self.values.items():
            self.start[key] = value.clone()
            value.requires_grad_(True)

    @staticmethod
    def add(group, name, shape, fan_in=None):
        group[name] = start_value(name, shape, fan_in)

    def at(self, layer, kind):
        return self.values.get(f"{self.name}.{layer}.{kind}")

    def norm(self, layer, x, mode):
        """Batch normalisation where the layer has it; a mode of "running" is training that moves the statistics."""
        gain, shift = self.at(layer, "gain"), self.at(layer, "shift")
        if gain is None:
            return x
        mean_name, var_name = f"{self.name}.{layer}.mean", f"{self.name}.{layer}.var"
        if mode == "infer":
            return F.batch_norm(x, self.running[mean_name], self.running[var_name], gain, shift, False, 0.0, BN_EPSILON)
        if mode == "running":
            with torch.no_grad():
                images = x.shape[0]
                others = [0, 2, 3] if x.dim() == 4 else [0]
                variance, mean = torch.var_mean(x, dim=others, correction=0)
                self.running[mean_name] = torch.lerp(self.running[mean_name], mean, BN_MOMENTUM)
                variance = variance * images / (images - 1)
                self.running[var_name] = torch.lerp(self.running[var_name], variance, BN_MOMENTUM)
        return F.batch_norm(x, None, None, gain, shift, True, 0.0, BN_EPSILON)

    def dense(self, layer, x, mode="train"):
        return self.norm(layer, F.linear(x, self.at(layer, "weight").T, self.at(layer, "bias")), mode)

    def conv(self, layer, x, stride=1, padding=0):
        return F.conv2d(x, self.at(layer, "weight").permute(3, 2, 0, 1), self.at(layer, "bias"), stride, padding)

    def deconv(self, layer, x, mode, stride=1, padding=0, output_padding=0):
        weight = self.at(layer, "weight").permute(3, 2, 0, 1)
        x = F.conv_transpose2d(x, weight, self.at(layer, "bias"), stride, padding, output_padding)
        return self.norm(layer, x, mode)


class TooNear(Exception):
    """A kink is nearer than MARGIN."""


def keep_away(distances, scale, margin):
    """Only where gradients flow: elsewhere a kink changes next to nothing."""
    if torch.is_grad_enabled() and distances.abs().min() < margin * scale.square().mean().sqrt():
        raise TooNear


def relu(x, margin=MARGIN):
    keep_away(x.detach(), x.detach(), margin)
    return F.relu(x)


def leaky(x, margin=MARGIN):
    keep_away(x.detach(), x.detach(), margin)
    return F.leaky_relu(x, 0.2)


def pool(x, margin=MARGIN):
    windows = F.unfold(x.detach().flatten(0, 1).unsqueeze(1), 2, stride=2)
    first, second = windows.topk(2, dim=1).values.unbind(1)
    keep_away((first - second)[first > 0], x.detach(), margin)
    return F.max_pool2d(x, 2)


def to_planes(x):
    return x.permute(0, 3, 1, 2)


def to_pixels(x):
    return x.permute(0, 2, 3, 1)


def encode_features(e, x):
    """E_0: the image's features h1."""
    x = pool(relu(e.conv("conv1", to_planes(x)), SHALLOW_MARGIN), SHALLOW_MARGIN)
    x = pool(relu(e.conv("conv2", x)))
    return relu(e.dense("fc3", to_pixels(x).flatten(1)))


def encode_scores(e, h1):
    """E_1: class scores."""
    return e.dense("fc4", h1)


def generate_image(g, h1, z0, mode):
    code = relu(g.dense("fcz", z0, mode))
    x = relu(g.dense("fc", torch.cat([h1, code], 1), mode))
    x = to_planes(x.reshape(-1, 4, 4, 128))
    x = relu(g.deconv("deconv1", x, mode, 2, 2, 1))
    x = relu(g.deconv("deconv2", x, mode))
    x = relu(g.deconv("deconv3", x, mode, 2, 2, 1))
    return to_pixels(torch.sigmoid(g.deconv("deconv4", x, mode)))


def generate_features(g, y, z1, mode):
    x = relu(g.dense("fc1", torch.cat([z1, y], 1), mode))
    x = relu(g.dense("fc2", x, mode))
    return relu(g.dense("fc3", x))


def heads(d, trunk):
    """D's logit [N] and Q's guess at z."""
    return d.dense("d", trunk).squeeze(1), torch.sigmoid(d.dense("q", trunk))


def judge_image(d, x):
    x = leaky(d.conv("conv1", to_planes(x), 2, 2), SHALLOW_MARGIN)
    x = leaky(d.conv("conv2", x, 2, 2))
    x = leaky(d.conv("conv3", x, 2, 2))
    return heads(d, leaky(d.dense("fc", to_pixels(x).flatten(1))))


def judge_features(d, h1):
    return heads(d, leaky(d.dense("fc2", leaky(d.dense("fc1", h1)))))


# --- training ----------------------------------------------------------------

class Adam:
    """Kingma and Ba's algorithm 1 with epsilon inside the root, as the authors' code has it."""

    def __init__(self, network, lr, beta1, beta2=0.999):
        self.network, self.lr, self.beta1, self.beta2, self.t = network, lr, beta1, beta2, 0
        self.m = {name: torch.zeros_like(v) for name, v in network.values.items()}
        self.v = {name: torch.zeros_like(v) for name, v in network.values.items()}
        self.grad = {}

    @torch.no_grad()
    def step(self, gradients):
        self.t += 1
        for (name, value), g in zip(self.network.values.items(), gradients):
            self.grad[name] = g
            self.m[name] = self.beta1 * self.m[name] + (1 - self.beta1) * g
            self.v[name] = self.beta2 * self.v[name] + (1 - self.beta2) * g ** 2
            m_hat = self.m[name] / (1 - self.beta1 ** self.t)
            v_hat = self.v[name] / (1 - self.beta2 ** self.t)
            value -= self.lr * m_hat / torch.sqrt(v_hat + ADAM_EPSILON)


def gradients(loss, network):
    return torch.autograd.grad(loss, list(network.values.values()))


def batch(number):
    x = uniform(INPUTS, number, BATCH, 28, 28, 1)
    return x, torch.tensor([(BATCH * number + i) % 10 for i in range(BATCH)])


class Stacks:
    """The whole model in a GAN stage. Index 0 is the image's stack, 1 the features'."""

    def __init__(self, stage):
        self.stage = stage
        self.e, self.g, self.d = Network("encoder"), [Network("g0"), Network("g1")], [Network("d0"), Network("d1")]
        self.adam_g = [Adam(g, 1e-4, 0.5) for g in self.g]
        self.adam_d = [Adam(d, 1e-4, 0.5) for d in self.d]

    def noise(self, purpose, step):
        return [uniform(purpose << 16 | STAGES[self.stage] << 8 | i, step, BATCH, 50) for i in (0, 1)]

    def generate(self, x, labels, z, mode):
        """[ĥ0, ĥ1], what each was generated from, and real [h0, h1]. Conditions carry no gradient."""
        with torch.no_grad():
            h1 = encode_features(self.e, x)
        y = F.one_hot(labels, 10).double()
        made1 = generate_features(self.g[1], y, z[1], mode)
        condition = made1.detach() if self.stage == "joint" else h1
        made0 = generate_image(self.g[0], condition, z[0], mode)
        return [made0, made1], condition, [x, h1]

    def judge(self, i, h):
        return (judge_image, judge_features)[i](self.d[i], h)

    def discriminator_step(self, x, labels, step):
        z = self.noise(DISCRIMINATOR, step)
        with torch.no_grad():
            made, _, real = self.generate(x, labels, z, "train")
        losses, new = {}, []
        for i in (0, 1):
            logit_real, _ = self.judge(i, real[i])
            logit_made, code = self.judge(i, made[i])
            adversarial = 0.5 * F.softplus(-logit_real).mean() + 0.5 * F.softplus(logit_made).mean()
            entropy = ((code - z[i]) ** 2).mean()
            losses[f"loss_d{i}"], losses[f"loss_d{i}_ent"] = adversarial.item(), entropy.item()
            new.append(gradients(adversarial + LAMBDA_ENT * entropy, self.d[i]))
        for i in (0, 1):
            self.adam_d[i].step(new[i])
        self.made = made
        return losses

    def generator_step(self, x, labels, step):
        z = self.noise(GENERATOR, step)
        made, condition, _ = self.generate(x, labels, z, "running")
        losses, new = {}, []
        for i in (0, 1):
            logit, code = self.judge(i, made[i])
            adversarial = F.softplus(-logit).mean()
            if i == 0:
                conditional = ((encode_features(self.e, made[0]) - condition) ** 2).mean()
            else:
                conditional = F.cross_entropy(encode_scores(self.e, made[1]), labels)
            entropy = ((code - z[i]) ** 2).mean()
            losses[f"loss_g{i}_adv"] = adversarial.item()
            losses[f"loss_g{i}_cond"] = conditional.item()
            losses[f"loss_g{i}_ent"] = entropy.item()
            new.append(gradients(adversarial + conditional + LAMBDA_ENT * entropy, self.g[i]))
        for i in (0, 1):
            self.adam_g[i].step(new[i])
        self.made = made
        return losses


# --- records -----------------------------------------------------------------

def record(name, tensor):
    """A tensor's L2 norm and its elements at places that follow from its name; all of them where they are few."""
    flat = tensor.detach().contiguous().reshape(-1).numpy()
    places = numpy.arange(flat.size)
    if flat.size > SAMPLES:
        places = (integers(PLACES, hash_name(name), SAMPLES) * numpy.uint64(flat.size)) >> numpy.uint64(24)
    elements = [float(f"{v:.11g}") for v in flat[places]]
    return {"name": name, "norm": float(numpy.sqrt((flat ** 2).sum())), "elements": elements}


def record_optimiser(adam):
    """What the steps changed, the last gradients, running statistics."""
    n = adam.network
    return ([record(f"update:{k}", v - n.start[k]) for k, v in n.values.items()] +
            [record(f"grad:{k}", v) for k, v in adam.grad.items()] +
            [record(f"value:{k}", v) for k, v in n.running.items()])


def record_stage(stage):
    if stage == "encoder":
        return record_encoder()
    stacks = Stacks(stage)
    steps, tensors = [], []
    for k in range(PAIRS):
        x, labels = batch(k)
        steps.append({"step": "discriminator", "losses": stacks.discriminator_step(x, labels, k)})
        steps.append({"step": "generator", "losses": stacks.generator_step(x, labels, k)})
    for i in (0, 1):
        tensors.append(record(f"output:g{i}", stacks.made[i]))
        tensors += record_optimiser(stacks.adam_g[i]) + record_optimiser(stacks.adam_d[i])
    return {"case": stage, "seed": Draws.seed, "batch": BATCH, "steps": steps, "tensors": tensors}


def record_encoder():
    e = Network("encoder")
    adam = Adam(e, 1e-3, 0.9)
    steps = []
    for k in range(PAIRS):
        x, labels = batch(k)
        loss = F.cross_entropy(encode_scores(e, encode_features(e, x)), labels)
        adam.step(gradients(loss, e))
        steps.append({"step": "encoder", "losses": {"loss_encoder": loss.item()}})
    return {"case": "encoder", "seed": Draws.seed, "batch": BATCH, "steps": steps, "tensors": record_optimiser(adam)}


NETWORKS = {
    "encoder": (lambda n, x, mode: {"fc4": encode_scores(n, encode_features(n, x["x"]))}, {"x": (28, 28, 1)}),
    "g0": (lambda n, x, mode: {"deconv4": generate_image(n, x["h"], x["z"], mode)}, {"h": (256,), "z": (50,)}),
    "d0": (lambda n, x, mode: dict(zip("dq", judge_image(n, x["h"]))), {"h": (28, 28, 1)}),
    "g1": (lambda n, x, mode: {"fc3": generate_features(n, x["h"], x["z"], mode)}, {"h": (10,), "z": (50,)}),
    "d1": (lambda n, x, mode: dict(zip("dq", judge_features(n, x["h"]))), {"h": (256,)}),
}


def record_network(name, mode):
    """Forward, and backward from gradients of the heads that are random numbers."""
    run, shapes = NETWORKS[name]
    n = Network(name)
    inputs = {k: uniform(INPUTS, hash_name(f"{name}.{k}"), BATCH, *s).requires_grad_() for k, s in shapes.items()}
    outputs = run(n, inputs, mode)
    for k, v in outputs.items():
        gradient = uniform(HEAD_GRADIENTS, hash_name(f"{name}.{k}"), *v.shape) - 0.5
        v.backward(gradient, retain_graph=True)
    tensors = [record(f"output:{name}.{k}", v) for k, v in outputs.items()]
    tensors += [record(f"grad:{name}.{k}", v.grad) for k, v in inputs.items()]
    if mode == "running":
        tensors += [record(f"grad:{k}", v.grad) for k, v in n.values.items()]
        tensors += [record(f"value:{k}", v) for k, v in n.running.items()]
    return {"network": name, "mode": mode, "seed": Draws.seed, "tensors": tensors}


def with_seed(case, run, search):
    """What run() gives, with the case's seed."""
    for seed in itertools.count(1) if search else (SEEDS[case],):
        Draws.seed = seed
        try:
            result = run()
        except TooNear:
            continue
        if search:
            print(f'    "{case}": {seed},', flush=True)
        return result
    raise SystemExit(f"{case}: with seed {SEEDS[case]} something is too near to a kink; run with --search")


def check_philox():
    """The known answers of the generator's authors for a counter and key of zeros."""
    words = [int(w) for w in philox(0, 0, 0, 4)]
    assert words == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8], words


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    parser.add_argument("--search", action="store_true", help="look for seeds anew, and print them")
    options = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    check_philox()
    passes = [(name, "running") for name in NETWORKS] + [("g0", "infer"), ("g1", "infer")]
    cases = [{"case": "networks", "batch": BATCH, "passes": [
        with_seed(f"{name} {mode}", lambda: record_network(name, mode), options.search) for name, mode in passes]}]
    for stage in ("encoder", "independent", "joint"):
        cases.append(with_seed(stage, lambda: record_stage(stage), options.search))
    for case in cases:
        text = json.dumps(case, separators=(",", ":"))
        for opening in ('{"name"', '{"step"', '{"network"'):
            text = text.replace(opening, "\n" + opening)
        (options.out / f"{case['case']}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
