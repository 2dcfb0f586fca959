"""What the services work on: a module for each resource, with its entity, its errors, its events and its port."""
