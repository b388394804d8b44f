"""News for partners' own systems: signed, kept until it arrives, and sent nowhere that is not public."""
