"""The running program: settings, wiring, roles, CLI."""
