"""Programmes of others: a client that a generator makes from the API's description, against a live server."""
