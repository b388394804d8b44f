"""The register of tokens: which right was promised to whom, and who the chain says holds it."""
