"""Pages, CDS Hooks, diary and audit over the same review: thin, and never a second rule."""
