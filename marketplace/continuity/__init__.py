"""What outlives the server: everything public in one directory, and the check of it that needs neither us nor it."""
