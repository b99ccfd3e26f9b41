"""Reports of a run: tables, plots, Markdown."""

from search.report.report import report, write_report

__all__ = ["report", "write_report"]
