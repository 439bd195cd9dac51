"""What every service has in common and what no service may decide alone.

Read `errors` first (the vocabulary of failure), then `serving` (how a service is put together),
then whichever border you are at: `database` and `outbox` (Postgres), `bus` (NATS), `rpc` (gRPC),
`tokens` and `access` (who is asking). Nothing in here knows what an exam is.
"""
