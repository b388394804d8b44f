"""待合室: before a sale to which everybody comes at the same moment. A place for each person, called by turns."""
