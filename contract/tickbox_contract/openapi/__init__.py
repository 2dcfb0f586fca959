"""The reader: an OpenAPI 3.0 document as plain data, its references, its form, and its schemas as validators."""
