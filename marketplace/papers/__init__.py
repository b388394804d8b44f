"""Papers that people hold in their hands: PDF with the Japanese font inside, so that any printer prints the same."""
