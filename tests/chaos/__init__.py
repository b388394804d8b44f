"""Everything goes wrong, at moments that dice choose; in the end the town stands as if nothing had been wrong.

`python -m tests.chaos --help` runs many seeds. A seed names a run: the same dice, the same troubles.
"""
