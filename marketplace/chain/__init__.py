"""The chain office: our contracts, what we send to them, and what the chain says happened."""
