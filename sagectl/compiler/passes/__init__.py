"""Graph passes: from what a frontend imported to fused loop nests in the target's layout."""
