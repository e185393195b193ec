"""Signed requests: tokens, key sets, tokens that were seen."""
