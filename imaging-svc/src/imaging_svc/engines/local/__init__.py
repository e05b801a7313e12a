"""What can be done with no key and no network?  One module per feature, pure functions over pixel arrays."""
