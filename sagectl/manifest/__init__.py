"""YAML text to documents and back."""
