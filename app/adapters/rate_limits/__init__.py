"""Rate limits: who is counted, and where the counts are kept."""
