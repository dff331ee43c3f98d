"""SageMaker in one SQLite file."""
