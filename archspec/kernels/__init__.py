"""The kinds of convolution kernels and windows, as data with arithmetic; torch is imported only when lowering."""

from archspec.kernels.hyena import Hyena
from archspec.kernels.kernel import KERNELS, AnyKernel, Kernel
from archspec.kernels.linear import Fourier, Spline
from archspec.kernels.magnet import Magnet
from archspec.kernels.mlp import Mlp
from archspec.kernels.s4d import S4D
from archspec.kernels.siren import Siren
from archspec.kernels.table import Table

KERNELS.write_out(Table, Siren, Magnet, Fourier, Spline, Mlp, S4D, Hyena)

__all__ = ["S4D", "AnyKernel", "Fourier", "Hyena", "Kernel", "Magnet", "Mlp", "Siren", "Spline", "Table"]
