"""Work teams, labeling jobs and model compilations from the shell, on SageMaker or without it."""

__version__ = "0.1.0"
