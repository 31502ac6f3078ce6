"""The engine's classes that are about tasks: what `_holdall_tasks.pyi` describes, to be compared."""

from holdall._holdall import Agent, Job, Jobs, Mailbox, Outcome, Queue, Terms

__all__ = ["Agent", "Job", "Jobs", "Mailbox", "Outcome", "Queue", "Terms"]
