"""The way to another machine's Docker engine, by the ssh program: for the components and the Docker plugin alike."""
