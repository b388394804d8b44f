"""命名: the first buyer of a naming right proposes names, the town screens them, and the sign stands for the term."""
