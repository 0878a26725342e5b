"""The tests of the whole house, one file a promise."""
