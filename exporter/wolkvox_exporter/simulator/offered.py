"""What other packages use of this one."""

from wolkvox_exporter.simulator.agent import Agent, Break, LogIn, LogOut
from wolkvox_exporter.simulator.calls import Call
from wolkvox_exporter.simulator.campaign import Campaign
from wolkvox_exporter.simulator.day import working_day
from wolkvox_exporter.simulator.distributor import Distributor, Lines, Rota
from wolkvox_exporter.simulator.events import Timetable
from wolkvox_exporter.simulator.fault import Fault
from wolkvox_exporter.simulator.operation import Operation
from wolkvox_exporter.simulator.scenarios import demo_operations
from wolkvox_exporter.simulator.server import Simulator
from wolkvox_exporter.simulator.skill import Skill
from wolkvox_exporter.simulator.truth import AgentsPoll, Oddity, Poll, SkillsPoll, SkillTruth, Standing, Truth

__all__ = [
    "Agent",
    "AgentsPoll",
    "Break",
    "Call",
    "Campaign",
    "Distributor",
    "Fault",
    "Lines",
    "LogIn",
    "LogOut",
    "Oddity",
    "Operation",
    "Poll",
    "Rota",
    "Simulator",
    "Skill",
    "SkillTruth",
    "SkillsPoll",
    "Standing",
    "Timetable",
    "Truth",
    "demo_operations",
    "working_day",
]
