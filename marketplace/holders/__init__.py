"""What holders may do with the rights that the town keeps for them: give one to a person, take one to a wallet."""
