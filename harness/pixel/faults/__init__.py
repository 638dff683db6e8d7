"""Faults on demand: a virtual Pixel breaks as phones and cables do, when it is told to.

`kinds` has the faults, `armed` those of one device; `line` breaks its connections, `acts` all else. `remote` arms them
from the host.
"""
