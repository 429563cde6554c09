"""What a stack declares, one component a file. Of the providers' SDKs only what is used is loaded: see lazily.py."""

from components.lazily import lazily

lazily("pulumi_github", "pulumi_docker")
