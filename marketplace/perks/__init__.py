"""特典: what a right allows its holder to do, the pass that shows it, the counters that see it, and every use."""
