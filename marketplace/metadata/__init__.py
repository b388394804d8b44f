"""What a token means, in documents that anybody can check by their name alone."""
