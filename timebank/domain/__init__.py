"""Rules as pure functions over values. No clock, no randomness, no storage: `now` and ids are arguments."""
