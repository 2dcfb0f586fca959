"""What the engine does with contracts that others wrote: one table of rows, each of which is tried.

A row names a behaviour, the section of OpenAPI 3.0.4 that describes it, and the verdict:

    served    the engine does what the section says
    ignored   the section says that it has no meaning here, or that it is an annotation
    refused   the server does not start, and a sentence says why

`rows` defines the row, `service` runs one, the other modules hold the rows. `contract/SUPPORT.md` is written from them
(`make support`), and a test compares it with them.
"""
