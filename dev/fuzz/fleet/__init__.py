"""A model of replicas that share a database: any order of deaths, freezes, losses and lies of clocks.

The code that decides is the product's: `replicas.coordinator` and `replicas.ledger` run as they are, and so do the
polling's pure functions. Only the sockets are missing, the worker is without a shell, and time is simulated.

What is assumed, and so not promised where it does not hold:

- The database keeps what it acknowledged, but for the events that say otherwise; its transactions are serialisable;
  there is one primary at a time: whoever fails over sees to it that the old one is gone.
- Monotonic clocks drift by at most `DRIFT` against each other. Wall clocks may show anything, and be set.
- A process is not stopped for longer than the slack between noting a call and its first byte. It may be at any other
  instant, for any time. A call lasts at most as long as its time-out after its first byte.
- A database that loses what it acknowledged does so while somebody who saw it lives, is connected, and goes on living
  until it has put it back: `GRACE`. What only the dead knew is gone.
- A step of the database's clock is met by replicas that knew it before; a process that starts while it is unsettled
  cannot know of it.
- Messages come late, not at all, twice, or without an answer, but not from one life of the database to the next.
"""
