"""Stage `compatible`: what a client of a released contract meets in the present one, by meaning.

One part finds changes, the table says what they mean, and the rest compares that with the version.

releases      the released contracts: files, folders, or git revisions
comparison    two contracts, and the pairs of operations in them
operations    operations: removed, moved, renamed, deprecated; servers; rate limits
schemas       two schemas by meaning, in one direction; with verdicts, meanings and validators
changes       what was found, each change once
table         all kinds of changes: who breaks, why, and what to do instead
versions      semantic versions, and the step that changes demand
stage         the rules of the gate that follow from the table
"""
