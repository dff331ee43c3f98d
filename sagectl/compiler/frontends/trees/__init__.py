"""Ensembles of decision trees, whoever grew them, as loop nests."""
