"""Pictures of a student's camera and screen as evidence; never on the way of events (ADR 42).

`picture` says what is a picture, `snapshot` what may still come; `taking` does it: file first, then
row and event in one transaction. `shelf` holds the files by their hash, in a folder or in a bucket,
`shelving` on threads; `gallery` shows them, `sweeping` removes those that nothing refers to.
`holdings` joins retention and a person's export. `store` holds the SQL, `parts` puts it together.
"""
