"""Our WebSocket transport on uvicorn's seams (ADR 28): a thin shell around `rfc6455`.

`gate` is what uvicorn makes for each connection: a handshake goes to its door, everything else to
uvicorn's own protocol (ADR 36). `door` is the handshake as an ASGI scope, so that an endpoint
decides who comes in. `socket` takes the transport over from there; the endpoint's task ends.
`pump` says when sockets write what is due, `wheel` whose turn it is to be pinged. Nothing here
knows what a message means.
"""
