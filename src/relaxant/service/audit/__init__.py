"""What was done, kept so that nobody changes it unseen."""
