"""The words and the promises that every room shares; imports no other room."""
