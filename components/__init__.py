"""What a stack declares, one component a file. Of the providers' SDKs only what is used is loaded: see lazily.py."""

import gc

from components.lazily import lazily

# Nearly all that is loaded stays until the program ends, seconds later. By its default Python looks through all of it
# again and again for what may go, which is a seventh of the time that loading takes.
gc.set_threshold(100_000, 20, 100)
lazily("pulumi_github", "pulumi_docker")
