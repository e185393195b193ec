"""What every page for professionals stands in: the navigation, the templates, the built files."""
