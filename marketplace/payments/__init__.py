"""Card money: asking Stripe for a page to pay on, hearing what became of it, giving money back. Knows no orders."""
