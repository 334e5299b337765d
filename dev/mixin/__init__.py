"""The monitoring mixin: dashboards, rules, alerts and an Alertmanager example, all made from here.

A mixin is what the Prometheus community calls such a bundle. `make generate` writes its files to `grafana/`,
`prometheus/` and `alertmanager/`, from which the package takes them; nothing here is needed to run the exporter.
"""
