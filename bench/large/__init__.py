"""What changes of a project with very many tasks take, and how long others wait for them. See bench/README.md."""
