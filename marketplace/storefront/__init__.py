"""The storefront composes what the offices keep; it owns nothing."""
