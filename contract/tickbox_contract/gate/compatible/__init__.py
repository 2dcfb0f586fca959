"""Stage `compatible`: what a client of a released contract meets in the present one, by meaning.

One part finds changes, the table says what they mean, and the rest compares that with the version.

releases      the released contracts: files, folders, or git revisions
comparison    two contracts, and the pairs of operations in them
operations    operations: removed, moved, renamed, deprecated; rate limits
servers       servers, and the values of their variables
security      `security`, its schemes, and `x-access`
parameters    parameters
messages      request bodies, and responses by status
headers       headers of responses, parts of bodies, and callbacks
links         links of responses
callbacks     what the server sends to clients: callbacks, and webhooks
events        `x-events` and `x-problems`
contents      media types, and their schemas
encodings     how the properties of forms are written
forms         how parameters and headers are written
retirement    what may be removed because its date is past
carried       how a text carries what is not text
values        which values schemas let senders send and readers meet
breaks        each place of a schema that breaks clients
subschemas    the schemas inside a schema, in pairs of both contracts
structure     what two schemas say beside which values fit: names, defaults, properties
equality      whether two values of JSON are the same
schemas       two schemas by meaning, in one direction; with verdicts, meanings and validators
changes       what was found, each change once
table         all kinds of changes: who breaks, why, and what to do instead
versions      semantic versions, and the step that changes demand
changelog     what has changed, for people and machines
stage         the rules of the gate that follow from the table
"""
