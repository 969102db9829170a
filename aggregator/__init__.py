"""aggregator: many feeds in, each thing told once, out as feeds.

In: `config.toml` and the web. Out: a folder of feeds and pages. Start reading at `cycle.stages.Stages`, the
order of things, and `model`, the nouns; the README has the way of one entry through the functions that it
passes.
"""

__version__ = "0.1.0"
