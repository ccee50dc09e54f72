"""The course's reusable code: one standalone file per topic."""
