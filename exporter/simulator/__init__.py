"""A wolkvox over real HTTP that follows the rules of the real one, for the demo and the tests.

Nothing of the exporter is used here but its clock.
"""

from exporter.simulator.calls import Call
from exporter.simulator.campaign import Campaign
from exporter.simulator.day import working_day
from exporter.simulator.events import Timetable
from exporter.simulator.faults import Fault
from exporter.simulator.operation import Operation
from exporter.simulator.scenarios import demo_operations
from exporter.simulator.server import Simulator
from exporter.simulator.truth import Oddity, Poll, Truth

__all__ = [
    "Call",
    "Campaign",
    "Fault",
    "Oddity",
    "Operation",
    "Poll",
    "Simulator",
    "Timetable",
    "Truth",
    "demo_operations",
    "working_day",
]
