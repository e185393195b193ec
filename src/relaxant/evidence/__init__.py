"""What trials say: pooled where that is honest, and two to four relaxants side by side."""
