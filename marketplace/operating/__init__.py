"""The machine room: is all well, what is to be done where it is not, and how the town is carried to another machine."""
