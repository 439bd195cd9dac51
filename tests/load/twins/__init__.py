"""Services that do less than ours, to measure against: see each module's first words."""
