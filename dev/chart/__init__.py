"""What is made of the Helm chart's values: their schema and the chart's README. `make generate` writes it."""
