"""Calls to SageMaker, wherever it runs."""
