"""The reports that are read: what is asked, which fields an answer has, and what is read out of it."""
