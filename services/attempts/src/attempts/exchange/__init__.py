"""Questions on their way in and out: QTI 3 and QTI 2.1 packages, and GIFT. Pure: no database.

`package` reads a package, `writing` writes one, `gift` reads a GIFT file; `item` says which of our
questions an item is. What comes in is hostile: `archive` and `tree` hold the limits, `text` reduces
HTML to text and images, `picture` says what an image is. Whoever reads goes on after a flaw, so
that all of them are told at once (`findings`). How the versions of QTI differ is in `dialect`.
"""
