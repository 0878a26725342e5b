"""Turns alerts and officers' acts into judgements, response tasks and hand-overs."""
