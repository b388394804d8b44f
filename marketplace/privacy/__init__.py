"""What the town knows of people: its register, its erasure in time, and everybody's right to see and end it."""
