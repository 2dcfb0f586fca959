"""The identity provider (OpenID Connect): its tokens, its keys, and the URLs that are asked."""
