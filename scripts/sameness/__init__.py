"""What `scripts/bench sameness` is made of.

`rulers` finds and runs the labelled sets · `settings` gives constants other values ·
`compare` tells one setting from another · `worst` writes what went wrong, for people to read.
"""
