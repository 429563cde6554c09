"""A GitHub on loopback: the REST API golive's resources use, and git over HTTP, with real state in one folder."""
