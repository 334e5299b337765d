"""What the tests share: a clock one can turn, operations to poll, metrics one can look up."""
