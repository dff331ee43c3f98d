"""Labeling teams, labeling jobs and model compilations, on SageMaker or without it."""

__version__ = "0.1.0"
