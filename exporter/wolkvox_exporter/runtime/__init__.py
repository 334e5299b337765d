"""What any long-running process needs: time, work that never ends, threads, logs. Nothing of wolkvox."""
