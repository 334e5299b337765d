"""`make fuzz`: any answer through the running pipeline, and any course of events through what decides about calls.

What must hold is stated here anew, from the words of the documentation and not with the exporter's own code.
"""
