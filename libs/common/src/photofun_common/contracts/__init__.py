"""What travels between the services?  One file of facts per producer; imports pydantic and nothing else."""
