"""The face of the town as a browser shows it: every page measured, for everyone who reads it."""
