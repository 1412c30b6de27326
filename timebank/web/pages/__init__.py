"""Pages for people: one file a noun, each a blueprint."""
