"""Downloads of published data sets, each file compared with its known digest before it is put in place."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist"


@dataclass(frozen=True)
class Download:
    """A file on the web.

    Attributes:
        address: its URL.
        digest: its MD5, as the publisher states it.
        folder: where it belongs, below the directory of the data; an archive is unpacked there.
    """

    address: str
    digest: str
    folder: str


# Digests as torchvision's loaders state them.
DOWNLOADS: dict[str, tuple[Download, ...]] = {
    "MNIST": (
        Download(f"{_MNIST}/train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", "MNIST/raw"),
        Download(f"{_MNIST}/train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", "MNIST/raw"),
        Download(f"{_MNIST}/t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", "MNIST/raw"),
        Download(f"{_MNIST}/t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", "MNIST/raw"),
    ),
    "CIFAR10": (
        Download("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", "."),
    ),
}


def download(name: str, directory: Path) -> None:
    """Fetch the files of a data set that are not there yet.

    Raises:
        OSError: a file cannot be fetched, or is not the published one; the message names its address.
    """
    for file in DOWNLOADS[name]:
        _fetch(file, directory / file.folder)


def _fetch(file: Download, folder: Path) -> None:
    base = file.address.rsplit("/", 1)[-1]
    target = folder / base
    if target.exists() and _digest(target) == file.digest:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        fetched = Path(aside) / base
        try:
            with urllib.request.urlopen(file.address, timeout=60) as remote, fetched.open("wb") as local:
                shutil.copyfileobj(remote, local)
        except OSError as error:
            raise OSError(f"{file.address} cannot be fetched ({error}); fetch it by hand into {folder}") from None
        if (found := _digest(fetched)) != file.digest:
            raise OSError(f"{file.address} is not the published file (MD5 {found}); fetch it again later")
        if base.endswith(".tar.gz"):
            with tarfile.open(fetched) as archive:
                archive.extractall(folder, filter="data")
        fetched.replace(target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
