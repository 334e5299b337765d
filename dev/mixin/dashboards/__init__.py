"""The dashboards: what they show as plain data, and one thin layer that writes it as Grafana reads it."""
