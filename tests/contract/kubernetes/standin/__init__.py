"""A stand-in for a cluster: what `kubectl` asks of one, for the kinds that we use.

The server of Kubernetes itself comes in no package that the project can be set up from, so this
keeps the objects, refuses what the schemas refuse, and plays the controllers as far as our pages
lean on them. `kubectl` is the real one. No pod runs.
"""
