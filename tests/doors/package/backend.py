"""Builds the package as a wheel, by nothing but the standard library, so that installing it needs no network."""

from __future__ import annotations

import zipfile
from pathlib import Path

NAME, VERSION = "homemade", "1.0"
INFO = f"{NAME}-{VERSION}.dist-info"


def build_wheel(directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """Write the wheel; its name (PEP 517)."""
    wheel = f"{NAME}-{VERSION}-py3-none-any.whl"
    files = {str(path): path.read_text() for path in sorted(Path(NAME).glob("*.py"))}
    files[f"{INFO}/METADATA"] = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n"
    files[f"{INFO}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: homemade\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{INFO}/entry_points.txt"] = Path("entry_points.txt").read_text()
    record = "".join(f"{name},,\n" for name in files)
    with zipfile.ZipFile(Path(directory) / wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{INFO}/RECORD", record + f"{INFO}/RECORD,,\n")
    return wheel
