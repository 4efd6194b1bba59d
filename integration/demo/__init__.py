"""The demo: sample shops on store servers of our own, the whole line on loopback, nothing left behind."""
