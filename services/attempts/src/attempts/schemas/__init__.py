"""The bodies of this service as the contract shapes them; built from the rules' objects.

`exams` (§2.4, §4), `attempts` (§2.4, §5.1-2), `results` (§5.3). Translation only, no decision.
"""
