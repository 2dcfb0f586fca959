"""The reader: an OpenAPI 3.0 contract as one model, which the engine and the gate look at.

document      a contract: bytes, plain data, operations, references, lines
operations    one operation, with its references followed
nodes         an object of the contract, with its JSON pointer
uses          the schemas as requests and responses use them
files         the text: JSON or YAML 1.2 (Connexion reads 1.1), as plain data
places        lines, read only when a message needs them
objects       the objects that a document consists of, by OpenAPI's own table
references    `$ref` as a JSON pointer, and what cannot be followed
forms         the form that OpenAPI prescribes, by its published schema
rules         what a rule is
servable      the rules that the gate and the engine both check
problems      the problem types of the engine, and which an operation may have to send
media_types   names of media types
schemas       schemas as JSON Schema 2020-12 validators (jsonschema-rs), compiled together
translations  OpenAPI 3.0 schemas written as JSON Schema 2020-12
compositions  what several schemas say of one value: `allOf`, `readOnly`, `discriminator`
formats       formats that are checked by functions
faults        validation errors as faults with pointers, one for each value
"""
