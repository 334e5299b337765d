"""The wolkvox API: requests, answers and what is read out of them. Nothing of Prometheus is known here."""
