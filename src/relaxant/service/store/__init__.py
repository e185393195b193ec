"""What the service keeps: the audit, tokens that were seen, cards and what was answered to them, diaries."""
