"""HTTP: parse, authorise, call one service, answer. No rule of the time bank lives here."""
