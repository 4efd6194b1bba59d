"""What we talk about: events, facts, tasks, policy, money. Standard library only."""
