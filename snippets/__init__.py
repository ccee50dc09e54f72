"""The course's reusable code: one standalone file a topic."""
