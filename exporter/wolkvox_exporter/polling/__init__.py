"""When what is asked: the schedule of each operation, the turns of each token, and what a failure means for both."""
