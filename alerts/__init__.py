"""Turns indexed posts and time into alerts and notifications."""
