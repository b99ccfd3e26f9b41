"""Reports of a run: tables, plots, Markdown."""

from typing import TYPE_CHECKING

from archspec.moved import former_names
from search.report.report import report, write_report

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)

__all__ = ["report", "write_report"]
