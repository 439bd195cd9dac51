"""Forgets what need not be kept: payloads after their time, a person on demand."""
