"""Flags in, documents out."""
