"""The worker portal: labeling jobs of the local plane, worked on in a browser."""
