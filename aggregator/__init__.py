"""aggregator: many feeds in, each thing told once, out as feeds."""

__version__ = "0.1.0"
