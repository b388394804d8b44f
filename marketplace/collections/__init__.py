"""Cards: the album, exchange between people without money, and those who drew them."""
