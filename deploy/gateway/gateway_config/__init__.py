"""The gateway's Envoy configuration, part by part; `generate.py` is the way in."""
