"""The town's book of the money that rights bring: double entry, whole yen, one posting per line of Stripe's balance."""
