"""The door for machines: keeps what platforms send, answers, and drains the inbox. Knows no platform."""
