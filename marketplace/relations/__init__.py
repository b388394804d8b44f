"""関係人口: who holds, visits, returns and takes part, in figures; and evidence for those who want to be known."""
