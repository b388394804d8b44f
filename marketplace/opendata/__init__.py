"""What anybody may carry away: the catalogue of the town's data, what each column means, and the licence."""
