"""The pages' server: built files and headers, no data and no login.

`app` decides what a path gets and how long a browser may keep it; `__main__` listens. What the
pages do is in `web/src`; what they know comes from the services, through the gateway.
"""
