"""Model in, package out; knows nothing of AWS."""
