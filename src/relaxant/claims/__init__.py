"""Reading an article: which of its statements the knowledge contradicts, supports, or cannot judge."""
