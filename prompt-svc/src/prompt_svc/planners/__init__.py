"""Who can plan?  The offline planner, always there, and Gemini when a key is set."""
