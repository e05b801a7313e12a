"""Who can make a picture?  One file (or folder) per engine."""
