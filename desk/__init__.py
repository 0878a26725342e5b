"""The web desk: what people see and do."""
