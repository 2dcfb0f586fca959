"""What Tickbox is about: entities, rules and services, in pure Python, without web and without SQL."""
