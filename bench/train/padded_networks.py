"""Corpuscle's networks as one writes them in PyTorch: torch.nn modules, events padded to the longest of the batch.

Modules have the names of ours, so that our weights fit. Each is called with features [events, longest, columns], type
and mask [events, longest], and gives outputs [events, longest, columns]; rows of padding mean nothing. Events are not
longer than a window or a bin, where networks have those.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Normalised(nn.Module):
    """A network whose features are normalised by type of element."""

    def __init__(self, n_features, n_types):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_types, n_features))
        self.register_buffer("scale", torch.ones(n_types, n_features))

    def normalise(self, x, type):
        return (x - self.mean[type]) * self.scale[type]


def of_own_type(layers, x, type):
    """One layer for each type of element: all are applied, and the right one is taken."""
    return torch.gather(torch.stack([layer(x) for layer in layers], -1), -1,
                        type[..., None, None].expand(*x.shape[:-1], layers[0].out_features, 1)).squeeze(-1)


def split_heads(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


# Softmax attention (mlpf.md 3.4)


class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))

    def forward(self, queries, x, mask, in_float):
        q, k, v = (split_heads(part, self.heads) for part in (self.query(queries), self.key(x), self.value(x)))
        seen = attend(q, k, v, mask, in_float)
        return self.output(seen.transpose(1, 2).flatten(2))


def attend(q, k, v, mask, in_float):
    if in_float:
        with torch.autocast("cpu", enabled=False):
            return F.scaled_dot_product_attention(q.float(), k.float(), v.float(), attn_mask=mask[:, None, None, :])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList([nn.Linear(width, width), nn.Linear(width, width)])

    def forward(self, x):
        return x + F.elu(self.layers[1](F.elu(self.layers[0](self.norm(x)))))


class AttentionLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads)
        self.residual = Residual(width)

    def forward(self, x, queries, mask, in_float):
        seen = self.norm(x)
        return self.residual(x + self.attention(seen if queries is None else queries, seen, mask, in_float))


class Readout(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.query = nn.Parameter(torch.zeros(1, width))
        self.query_norm = nn.LayerNorm(width)
        self.norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads)
        self.residual = Residual(width)

    def forward(self, x, mask, in_float):
        query = self.query_norm(self.query).expand(len(x), 1, -1)
        return self.residual(x + self.attention(query, self.norm(x), mask, in_float))


class Head(nn.Module):
    def __init__(self, n_in, width, n_out):
        super().__init__()
        self.first = nn.Linear(n_in, width)
        self.norm = nn.LayerNorm(width)
        self.last = nn.Linear(width, n_out)

    def forward(self, x):
        return self.last(self.norm(F.elu(self.first(x))))


class HeadPerType(nn.Module):
    def __init__(self, n_in, width, n_types):
        super().__init__()
        self.first = nn.Linear(n_in, width)
        self.norm = nn.LayerNorm(width)
        self.last = nn.ModuleList([nn.Linear(width, width) for _ in range(n_types)])

    def forward(self, x, type):
        return of_own_type(self.last, self.norm(F.elu(self.first(x))), type)


class Attention(Normalised):
    def __init__(self, n_features=17, n_types=2, width=256, heads=16, n_layers=3):
        super().__init__(n_features, n_types)
        self.in_float = False
        self.embedding = HeadPerType(n_features, width, n_types)
        for i in range(n_layers):
            self.add_module(f"layer_{i}", AttentionLayer(width, heads))
        self.layers = [getattr(self, f"layer_{i}") for i in range(n_layers)]
        self.id_readout, self.reg_readout = Readout(width, heads), Readout(width, heads)
        self.id_norm, self.reg_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.is_particle = Head(width, width, 2)
        self.add_module("class", Head(width, width, 6))
        self.eta, self.sin_phi, self.cos_phi = (Head(width, width, 2) for _ in range(3))
        for type in range(n_types):
            self.add_module(f"pt_{type}", Head(width, width, 1))
            self.add_module(f"energy_{type}", Head(width, width, 1))
        self.n_types = n_types

    def per_type(self, name, x, type):
        each = torch.cat([getattr(self, f"{name}_{i}")(x) for i in range(self.n_types)], -1)
        return each.gather(-1, type[..., None])

    def forward(self, features, type, mask):
        embedded = self.embedding(self.normalise(features, type), type)
        x = embedded
        for layer in self.layers:
            x = layer(x, embedded if layer is self.layers[-1] else None, mask, self.in_float)
        id = self.id_norm(self.id_readout(x, mask, self.in_float))
        reg = self.reg_norm(self.reg_readout(x, mask, self.in_float))

        def linear(head, column):
            ab = head(reg)
            return ab[..., :1] * features[..., column:column + 1] + ab[..., 1:]

        def log(column):
            return features[..., column:column + 1].clamp_min(1e-6).log()

        ln_pt, eta = self.per_type("pt", reg, type), linear(self.eta, 2)
        size = eta.detach().abs()
        ln_cosh_eta = size + torch.log1p(torch.exp(-2 * size)) - math.log(2)
        ln_p = ln_pt.detach() + log(1) + ln_cosh_eta - log(5)
        ln_energy = ln_p + F.relu(self.per_type("energy", reg, type))
        return torch.cat([self.is_particle(id), getattr(self, "class")(id), ln_pt, eta, linear(self.sin_phi, 3),
                          linear(self.cos_phi, 4), ln_energy], -1)


# Corpuscle's default, for events of one window (docs/decisions/0004-default-network.md)


class WindowLayer(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.summary_norm, self.norm, self.hidden_norm = (nn.LayerNorm(width) for _ in range(3))
        self.to_summary, self.from_summary = nn.Linear(width, width // 4), nn.Linear(width // 4, width)
        self.query_key_value, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.to_hidden, self.from_hidden = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x, cosine, sine, mask, in_float):
        said = F.gelu(self.to_summary(self.summary_norm(x)), approximate="tanh") * mask[..., None]
        x = x + self.from_summary(said.sum(1, keepdim=True) / mask.sum(1)[:, None, None])
        q, k, v = (split_heads(part, self.heads) for part in self.query_key_value(self.norm(x)).chunk(3, -1))
        seen = attend(turn(q, cosine, sine), turn(k, cosine, sine), v.float(), mask, in_float)
        x = x + self.output(seen.transpose(1, 2).flatten(2))
        return x + self.from_hidden(F.gelu(self.to_hidden(self.hidden_norm(x)), approximate="tanh"))


def turn(x, cosine, sine):
    """Rotary embedding."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cosine - b * sine, a * sine + b * cosine], -1)


class WindowTransformer(Normalised):
    def __init__(self, n_features=29, n_types=2, width=128, heads=4, n_layers=4, hidden=256, frequencies=6,
                 head_hidden=128):
        super().__init__(n_features, n_types)
        self.in_float = False
        self.half, self.frequencies = width // heads // 2, frequencies
        self.input = nn.ModuleList([nn.Linear(n_features, width) for _ in range(n_types)])
        self.embedding = nn.Linear(width, width)
        for i in range(n_layers):
            self.add_module(f"layer_{i}", WindowLayer(width, heads, hidden))
        self.layers = [getattr(self, f"layer_{i}") for i in range(n_layers)]
        self.norm = nn.LayerNorm(width)
        self.class_hidden, self.regression_hidden = nn.Linear(width, head_hidden), nn.Linear(width, head_hidden)
        self.add_module("class", nn.ModuleList([nn.Linear(head_hidden, 6) for _ in range(n_types)]))
        self.regression = nn.ModuleList([nn.Linear(head_hidden, 3) for _ in range(n_types)])

    def forward(self, features, type, mask):
        eta, phi = features[..., 2:3], torch.atan2(features[..., 3:4], features[..., 4:5])
        frequency = 2.0 ** torch.arange(1, self.frequencies + 1)
        still = features.new_zeros(*eta.shape[:-1], self.half - 2 * self.frequencies)
        angle = torch.cat([eta * frequency, phi * frequency, still], -1)[:, None]
        cosine, sine = angle.cos(), angle.sin()
        x = of_own_type(self.input, self.normalise(features, type), type)
        x = self.embedding(F.gelu(x, approximate="tanh"))
        for layer in self.layers:
            x = layer(x, cosine, sine, mask, self.in_float)
        x = self.norm(x)
        hidden = [F.gelu(layer(x), approximate="tanh") for layer in (self.class_hidden, self.regression_hidden)]
        return torch.cat([of_own_type(getattr(self, "class"), hidden[0], type),
                          of_own_type(self.regression, hidden[1], type)], -1)


# The networks of 2023 (mlpf.md 3.1 to 3.3)


class FeedForward(nn.ModuleList):
    """Dense layers with ELU and dropout between them."""

    def __init__(self, widths, dropout=0.0):
        super().__init__([nn.Linear(a, b) for a, b in zip(widths, widths[1:])])
        self.dropout = dropout

    def forward(self, x):
        for layer in list(self)[:-1]:
            x = F.dropout(F.elu(layer(x)), self.dropout, self.training)
        return self[-1](x)


class Decoder(nn.Module):
    def __init__(self, width, hidden=128, dropout=0.1):
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-3)
        for name, n_in, n_out in (("class", width, 6), ("charge", width, 3), ("eta", width + 6, 1),
                                  ("phi", width + 6, 2), ("energy", 2 * width + 12, 1), ("pt", 2 * width + 12, 2)):
            self.add_module(name, FeedForward([n_in, hidden, n_out], dropout))

    def forward(self, id, reg, features):
        u = self.norm(id)
        logits = getattr(self, "class")(u)
        v = torch.cat([u, logits.detach()], -1)
        w = torch.cat([v, reg, logits.detach()], -1)
        return torch.cat([logits, self.charge(u), self.pt(w)[..., :1].abs(),
                          (features[..., 2:3] + self.eta(v)).clamp(-7, 7),
                          (features[..., 3:5] + self.phi(v)).clamp(-1, 1),
                          (features[..., 5:6] + self.energy(w)).abs()], -1)


def encode_2023(x, type, n_types):
    return torch.cat([F.one_hot(type + 1, n_types + 1).to(x.dtype), x[..., 1:]], -1)


class Message(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.neighbours, self.self = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, width)

    def forward(self, kernel, x):
        gate = self.gate(x).sigmoid()
        return F.elu(gate * (kernel @ self.neighbours(x)) + (1 - gate) * self.self(x))


class GraphLayer(nn.Module):
    def __init__(self, width, distance_width, distance_hidden, max_bins):
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.distance = FeedForward([width, *distance_hidden, distance_width])
        self.register_buffer("codebook", torch.zeros(distance_width, max_bins // 2))
        self.first, self.second = Message(width), Message(width)

    def forward(self, h, mask):
        x = self.norm(h)
        d = F.elu(self.distance(x))
        with torch.autocast("cpu", enabled=False):  # distances need single precision
            d = d.float()
            norm = d.square().sum(-1, keepdim=True)
            distance = (norm - 2 * d @ d.transpose(1, 2) + norm.transpose(1, 2)).clamp_min(1e-6).sqrt()
            kernel = torch.exp(-0.1 * distance) * mask[:, None, :]
        return self.second(kernel, self.first(kernel, x))


class GnnLsh(Normalised):
    """For events of one bin."""

    def __init__(self, n_features=17, n_types=2, width=256, n_layers=6, distance_width=128,
                 distance_hidden=(64, 64, 64), max_bins=200):
        super().__init__(n_features, n_types)
        self.n_types = n_types
        self.encoder = FeedForward([n_types + n_features, width, width])
        for i in range(n_layers):
            self.add_module(f"id_{i}", GraphLayer(width, distance_width, distance_hidden, max_bins))
            self.add_module(f"reg_{i}", GraphLayer(width, distance_width, distance_hidden, max_bins))
        self.stacks = [[getattr(self, f"{name}_{i}") for i in range(n_layers)] for name in ("id", "reg")]
        self.decoder = Decoder(width)

    def forward(self, features, type, mask):
        h = F.elu(self.encoder(encode_2023(self.normalise(features, type), type, self.n_types)))
        outputs = []
        for stack in self.stacks:
            x = h
            for layer in stack:
                x = x + layer(x, mask)
            outputs.append(x)
        return self.decoder(*outputs, features)


class KernelAttention(nn.Module):
    def __init__(self, width, heads, n_random):
        super().__init__()
        self.heads, self.width = heads, width
        self.query, self.key, self.value = (nn.Linear(width, heads * width) for _ in range(3))
        self.output = nn.Linear(heads * width, width)
        self.register_buffer("directions", torch.zeros(n_random, width))

    def positive(self, x):
        x = split_heads(x, self.heads) * self.width ** -0.25
        return (F.elu(x @ self.directions.T) + 1) / math.sqrt(len(self.directions))

    def forward(self, queries, x, mask):
        q, k = self.positive(self.query(queries)), self.positive(self.key(x)) * mask[:, None, :, None]
        v = split_heads(self.value(x), self.heads)
        weight = q @ k.sum(2, keepdim=True).transpose(2, 3)
        return self.output(((q @ (k.transpose(2, 3) @ v)) / (weight + 1e-6)).transpose(1, 2).flatten(2))


class KernelLayer(nn.Module):
    def __init__(self, width, heads, n_random, has_query):
        super().__init__()
        self.norm, self.output_norm = nn.LayerNorm(width, eps=1e-3), nn.LayerNorm(width, eps=1e-3)
        self.attention = KernelAttention(width, heads, n_random)
        self.output = FeedForward([width, width, width])
        self.query = nn.Parameter(torch.zeros(1, width)) if has_query else None

    def forward(self, x, mask):
        keys = self.norm(x)
        queries = x if self.query is None else self.query.expand_as(x)
        return self.output(self.output_norm(keys + self.attention(queries, keys, mask)))


class KernelTransformer(Normalised):
    def __init__(self, n_features=17, n_types=2, width=32, heads=8, n_random=32, encoder=3, id=2, reg=2):
        super().__init__(n_features, n_types)
        self.n_types = n_types
        self.embedding = FeedForward([n_types + n_features, width, width])
        self.stacks = []
        for name, n_layers in (("encoder", encoder), ("id", id), ("reg", reg)):
            stack = [KernelLayer(width, heads, n_random, i == 0 and name != "encoder") for i in range(n_layers)]
            for i, layer in enumerate(stack):
                self.add_module(f"{name}_{i}", layer)
            self.stacks.append(stack)
        self.decoder = Decoder(width)

    def forward(self, features, type, mask):
        def through(stack, x):
            for layer in stack:
                x = layer(x, mask)
            return x

        x = through(self.stacks[0], self.embedding(encode_2023(self.normalise(features, type), type, self.n_types)))
        return self.decoder(through(self.stacks[1], x), through(self.stacks[2], x), features)


# Losses, of the rows that are elements: [n, columns] (mlpf.md 4 and src/corpuscle/train/loss.hpp)


def loss_2026(outputs, t):
    is_particle = t["label"] != 0
    n, n_particles = len(outputs), is_particle.sum().clamp_min(1)
    binary = F.cross_entropy(outputs[:, :2], is_particle.long())
    log_p = -F.cross_entropy(outputs[:, 2:8], t["label"], reduction="none")
    focal = (-log_p * (1 - log_p.exp()).square() * is_particle).sum() / n
    weight = torch.stack([t["pt"].clamp_min(1e-6).sqrt(), *3 * [torch.full((n,), 0.01)],
                          t["pt"].clamp_min(1e-6).sqrt()], 1)
    square = (outputs[:, 8:] - t["regression"]).square() * weight
    return 10 * binary + focal + (square * is_particle[:, None]).sum() / n_particles


STOCHASTIC = torch.tensor([0, 0, 0.55, 0.17, 0, 0])
CONSTANT = torch.tensor([1, 0.01, 0.05, 0.01, 0.01, 0.01])
ANGLE = torch.tensor([1, 0.001, 0.01, 0.003, 0.001, 0.001])


def loss_standard(outputs, t):
    energy, label = t["energy"].clamp_min(0.01), t["label"]
    class_weight = (1 + energy).sqrt()
    by_class = (F.cross_entropy(outputs[:, :6], label, reduction="none") * class_weight).sum() / class_weight.sum()
    resolution = (STOCHASTIC[label].square() / energy + CONSTANT[label].square()).sqrt()
    weight = (resolution * energy).square() * (label != 0)
    error = outputs[:, 6:] - t["regression"]
    angle = t["sin_theta"] / ANGLE[label]
    terms = [F.huber_loss(error[:, i] * unit, torch.zeros(len(error)), reduction="none") * weight
             for i, unit in ((0, 1 / resolution), (1, angle), (2, angle))]
    momentum, eta, phi = (term.sum() / weight.sum() for term in terms)
    return by_class + 0.1 * (momentum + eta + phi)


def loss_2023(outputs, t):
    n = len(outputs)
    truth = F.one_hot(t["label"], 6).to(outputs.dtype)
    p = outputs[:, :6].sigmoid()
    p = torch.where(truth > 0, p, 1 - p)
    bce = F.binary_cross_entropy_with_logits(outputs[:, :6], truth, reduction="none")
    focal = (torch.where(truth > 0, 0.25, 0.75) * (1 - p).square() * bce).sum() / n
    charge = F.cross_entropy(outputs[:, 6:9], t["charge"])
    huber = F.huber_loss(outputs[:, 9:], t["regression"], reduction="none") * (t["label"] != 0)[:, None]
    return 100 * focal + charge + 10 * huber.sum() / n


NETWORKS = {
    "attention": (Attention, loss_2026),
    "window-transformer": (WindowTransformer, loss_standard),
    "gnn-lsh": (GnnLsh, loss_2023),
    "kernel-transformer": (KernelTransformer, loss_2023),
}
