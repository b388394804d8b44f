"""The same tree again, and whole journeys. Some modules are programs: python -m tests.chaos, .docs.states, …"""

from marketplace.kit.missing import name_the_python

name_the_python("test")
