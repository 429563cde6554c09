"""The Python language host of the Pulumi engine, for an engine that was built from its modules."""
