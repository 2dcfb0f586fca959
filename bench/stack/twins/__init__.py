"""One module for each way to serve five operations on tasks, from Tickbox's own tables. Each has `build`."""
