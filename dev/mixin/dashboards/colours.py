"""The colours: those of Okabe and Ito that stand out from Grafana's light and its dark panels, 3:1 or more.

Never red against green, and a colour never speaks alone: states have a word, compared lines a dash.
"""

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
AMBER = "#B87A00"
"""Darker than their orange, which is lost on white."""
GREY = "#808080"
TEXT = "text"
"""What the theme writes in: for small numbers that are as they should be."""
