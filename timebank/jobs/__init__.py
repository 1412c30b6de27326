"""What the scheduler runs: claim the work, call a service, log. Nothing here decides anything."""
