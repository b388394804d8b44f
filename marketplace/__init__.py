"""One package for each office of the town hall, from the kit below to the storefront above."""

from marketplace.kit.missing import name_the_python

name_the_python("run")
