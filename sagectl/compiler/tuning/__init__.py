"""Schedules found by measuring: searched once, kept in a database, used without a search."""

from __future__ import annotations

from sagectl.compiler.tuning.database import read_database
from sagectl.compiler.tuning.search import Progress, tune

__all__ = ["Progress", "read_database", "tune"]
