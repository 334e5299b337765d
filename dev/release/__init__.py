"""What a release says: its notes, its links, and what it promises to those who upgrade."""
