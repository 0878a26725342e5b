"""Presets: what the sources of one forum software, interface or format have in common, a YAML file each."""
