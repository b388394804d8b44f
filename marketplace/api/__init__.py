"""The public, read-only API: what anybody may count, check and carry away."""
