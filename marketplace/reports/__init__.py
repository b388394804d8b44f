"""What the town reports: files for its accounting system, papers for council and public, and figures for the desk.

At the top of the house beside nobody: it reads the books of every office and draws with the kit's plots, and
nobody reads it. It keeps no register of its own.
"""
