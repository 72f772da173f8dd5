"""``make bench``: what the shopkeeper feels, as ratios to a physical limit or to a peer of the same run."""
