"""Is it working: what a diary's series say of the doses that were taken."""
