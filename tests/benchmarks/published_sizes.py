"""The papers' networks beside the sizes they were published with, and what they cost.

python tests/benchmarks/published_sizes.py
"""

from __future__ import annotations

from archspec import Architecture, Classifier, Series, price, published

SEQUENCE = Series(channels=1, length=784)
ROWS: list[tuple[str, Architecture, str]] = [
    ("CKCNN, copy memory (T = 100)", published.ckcnn_copy_memory(100), "15.52K"),
    ("CKCNN, adding problem (T = 200)", published.ckcnn_adding(200), "70.59K"),
    ("CKCNN, sequential MNIST", published.ckcnn_smnist(), "98.29K"),
    ("CKCNN, sequential MNIST, wide", published.ckcnn_smnist(100, 30.5, 0.2), "1.03M"),
    ("FlexTCN-2", published.flextcn(SEQUENCE, Classifier(classes=10, pool="last"), blocks=2), "110K"),
    ("FlexTCN-6", published.flextcn_6(), "375K"),
    ("FlexNet-7, CIFAR-10", published.flexnet_7(), "0.67M"),
    ("CCNN-4,140, sequential MNIST", published.ccnn_4_140(), "200K"),
    ("CCNN-6,380, sequential MNIST", published.ccnn_6_380(), "2M"),
    ("P4CNN, rotated MNIST", published.p4cnn(), "25K (code: 24,610)"),
    ("P4MCNN, rotated MNIST", published.p4mcnn(), "not published"),
    ("αF-P4CNN, rotated MNIST", published.attentive_gcnn(), "code: 29,462"),
    ("GSA-Net on C4, rotated MNIST", published.gsa_net(), "code: 44,428"),
    ("GSA-Net on C16, rotated MNIST", published.gsa_net(group="C16"), "44.67K (code: 44,668)"),
    ("Partial CKResNet, rotated MNIST", published.partial_gcnn(), "code: 467,791"),
    ("Separable SE(2)-CNN, rotated MNIST", published.separable_gcnn(), "code: 755,370"),
    ("The same, not separable", published.separable_gcnn(factorisation="full"), "code: 716,490"),
    ("Wavelet network, UrbanSound8K", published.wavelet_net(), "code: 458,614"),
    ("CubeNet on O, ModelNet10", published.octahedral_cnn(), "settings give 345,211"),
]


def main() -> None:
    """Print the table as Markdown."""
    print("| network | published | parameters here | MFLOP, deployed | MFLOP to make its kernels |")
    print("|---|---|---|---|---|")
    for name, architecture, size in ROWS:
        cost = price(architecture)
        print(f"| {name} | {size} | {cost.params:,} | {cost.flops / 1e6:,.2f} | {2 * cost.kernel_macs / 1e6:,.2f} |")


if __name__ == "__main__":
    main()
