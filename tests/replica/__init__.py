"""A small Alaveteli-like site, served over real HTTP for tests and the demo.

It is there for behaviour that a crawler can notice; genuine markup is tried on recordings. Section numbers in this
package are those of site-contract.md. A world is built from a seed, changed by its methods, and served::

    world = World.build(seed=1, requests=100)
    replica = Replica(world)
    base = replica.start()
    ...
    world.hide(world.by_slug("empty_homes"))
    world.advance(days=1)
"""

from .changes import NewFile
from .server import LogEntry, Replica
from .world import NOW, World

__all__ = ["NOW", "LogEntry", "NewFile", "Replica", "World"]
