"""A wolkvox over real HTTP that follows the rules of the real one, for the demo and the tests.

Nothing of the exporter is used here but its clock.
"""

from exporter.simulator.calls import Call
from exporter.simulator.faults import Fault
from exporter.simulator.model import Campaign, Operation
from exporter.simulator.scenarios import demo_operations
from exporter.simulator.server import Simulator

__all__ = ["Call", "Campaign", "Fault", "Operation", "Simulator", "demo_operations"]
