"""A run told to people: tables, pictures, a report."""

from search.report.report import report, write_report

__all__ = ["report", "write_report"]
