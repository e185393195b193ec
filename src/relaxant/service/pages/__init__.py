"""Pages for a clinician: the review, agents, rules, comparisons."""
