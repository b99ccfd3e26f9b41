"""MAGNets: multiplicative anisotropic Gabor networks."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from archspec.layers.bounded import bounded
from archspec.layers.kernels.features import FeatureKernel
from archspec.layers.precision import WideLinear, widened

# Shape of the Gamma distribution of a Gabor filter's inverse width in the published initialisation, Gamma(6, 1).
GAMMA_SHAPE = 6.0
# A masked filter fades out over this fraction of its share of the band.
FADE = 0.25


class Gabor(nn.Module):
    """H Gabor filters: Gaussians times sines, each with a mean, inverse widths, a frequency vector and a phase."""

    def __init__(self, inputs: int, hidden: int, steerable: bool) -> None:
        super().__init__()
        self.mu = nn.Parameter(torch.empty(hidden, inputs))
        self.gamma = nn.Parameter(torch.empty(hidden, inputs))
        self.linear = WideLinear(inputs, hidden)
        self.theta = nn.Parameter(torch.zeros(hidden)) if steerable else None

    def forward(self, points: Tensor) -> Tensor:
        """(P, d) to (P, H): the filters at the points."""
        apart = points[:, None] - self.mu
        if self.theta is not None:
            angle = 2 * math.pi * widened(self.theta)
            c, s = torch.cos(angle), torch.sin(angle)
            row, column = apart.unbind(2)
            apart = torch.stack([c * row + s * column, c * column - s * row], 2)
        envelope = torch.exp(-0.5 * (self.gamma * apart).square().sum(2))
        wave: Tensor = torch.sin(self.linear(points))
        return envelope * wave


class Magnet(FeatureKernel):
    """The product of L+1 layers of Gabor filters, with a linear map before each multiplication."""

    def __init__(
        self,
        rows: int,
        inputs: int,
        dims: int,
        hidden: int,
        layers: int,
        omega: float,
        omega_group: float,
        *,
        as_published: bool,
        steerable: bool,
        centre: float,
        spread: float,
    ) -> None:
        super().__init__(hidden, rows)
        self.filters = nn.ModuleList(Gabor(inputs, hidden, steerable) for _ in range(layers + 1))
        self.mixes = nn.ModuleList(WideLinear(hidden, hidden) for _ in range(layers))
        self.dims, self.nyquist, self.masked, self.regularised = dims, math.inf, False, False
        with torch.no_grad():
            for i, gabor in enumerate(self.filters):
                assert isinstance(gabor, Gabor)
                _draw_place(gabor.mu, dims, centre, min(1.0, spread))
                if as_published:
                    shape = torch.full_like(gabor.gamma, GAMMA_SHAPE / (i + 1))
                    gabor.gamma.copy_(torch.distributions.Gamma(shape, 1.0).sample())
                    gabor.linear.weight.uniform_(-1, 1).mul_(gabor.gamma * omega / math.sqrt(inputs))
                else:
                    # Two standard deviations of the Gaussian's spectrum and the sine's frequency add up to a filter's
                    # share of the band.
                    each = omega / (layers + 1)
                    gabor.gamma.uniform_(0.05, 0.25).mul_(each)
                    gabor.linear.weight.uniform_(-1, 1).mul_((each - 2 * gabor.gamma) / math.sqrt(max(dims, 1)))
                gabor.gamma[:, dims:] = 0.5
                gabor.linear.weight[:, dims:] = (torch.rand(hidden, inputs - dims) * 2 - 1) * omega_group
                gabor.linear.bias.uniform_(-math.pi, math.pi)
            for mix in self.mixes:
                assert isinstance(mix, nn.Linear)
                nn.init.uniform_(mix.weight, -math.sqrt(3 / hidden), math.sqrt(3 / hidden))
                nn.init.ones_(mix.bias)

    def limit_band(self, nyquist: float, masked: bool) -> None:
        """Masked, filters fade out near their share of the band; otherwise `alias_penalty` keeps them within it."""
        self.nyquist, self.masked, self.regularised = nyquist, masked, not masked

    def frequencies(self, deviations: float) -> tuple[Tensor, Tensor]:
        """(L+1, H) each: highest frequencies of the sines and of the Gaussians' spectra, in cycles per unit."""
        gabors = [gabor for gabor in self.filters if isinstance(gabor, Gabor)]
        sines = torch.stack([g.linear.weight[:, : self.dims].abs().amax(1) for g in gabors])
        widths = torch.stack([g.gamma[:, : self.dims].abs().amax(1) for g in gabors])
        return sines / (2 * math.pi), deviations * widths / (2 * math.pi)

    def alias_excess(
        self, limit: float, part: str, each_filter: bool, deviations: float, window: Tensor | float
    ) -> Tensor:
        """(L+1,), the excess of each layer of filters over its share, or (1,), the excess of their sum."""
        sines, gaussians = (x.amax(1) for x in self.frequencies(deviations))
        used = {"sines": sines, "gaussians": gaussians}.get(part, sines + gaussians)
        if each_filter:
            return used + (window - limit) / len(used)
        return (used.sum() + window - limit)[None]

    @torch.no_grad()
    def stretch(self, ratio: float, centre: float) -> None:
        """Keep the mean, width and frequency of every filter in grid steps."""
        dims = self.dims
        for gabor in self.filters:
            assert isinstance(gabor, Gabor)
            gabor.mu[:, :dims] = centre + (gabor.mu[:, :dims] - centre) / ratio
            gabor.gamma[:, :dims] *= ratio
            gabor.linear.bias.add_(gabor.linear.weight[:, :dims].sum(1) * centre * (1 - ratio))
            gabor.linear.weight[:, :dims] *= ratio

    def features(self) -> Tensor:
        """(P, H): the product of all layers, before the last linear map."""
        z = self._filtered(0)
        for i, mix in enumerate(self.mixes):
            z = self._filtered(i + 1) * mix(z)
        return z

    def _filtered(self, i: int) -> Tensor:
        gabor = self.filters[i]
        assert isinstance(gabor, Gabor)
        response: Tensor = gabor(self.points)
        if not self.masked:
            return response
        # The frequencies of multiplied filters add up, so each layer has an equal share of the band.
        share = self.nyquist / len(self.filters)
        weight, gamma = widened(gabor.linear.weight), widened(gabor.gamma)
        highest = (weight[:, : self.dims].abs() + 2 * gamma[:, : self.dims].abs()).amax(1)
        return response * bounded((share - highest) / (FADE * share), 0, 1)


def _draw_place(mu: Tensor, dims: int, centre: float, spread: float) -> None:
    """Draw the means of Gaussians inside the window; for a causal kernel, in the past."""
    mu.uniform_(-1, 1)
    mu[:, :dims] = centre - spread * mu[:, :dims].abs() if centre else spread * mu[:, :dims]
