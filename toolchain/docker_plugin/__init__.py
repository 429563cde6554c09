"""A Pulumi plugin for the Docker engine, where the official one cannot be downloaded: see service.py."""
