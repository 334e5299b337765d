"""What any long-running process needs: time, work that never ends, threads, signals, logs. Nothing of wolkvox."""
