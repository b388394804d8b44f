"""People meet: events with seats, stamps of visits, polls of holders, letters to them."""
