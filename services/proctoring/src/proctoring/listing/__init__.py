"""The attempts of an exam in one sorted, filtered list; nothing is counted, all has been before."""
