"""The field's event tables, in and out, and everybody's course along them."""
