"""Adds up what is remarkable in an attempt, by named rules; it flags and never punishes."""
