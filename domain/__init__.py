"""The domain of Tickbox: entities, rules and services, in pure Python, without web and without SQL."""
