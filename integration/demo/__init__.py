"""The demo: sample shops over real HTTP, a mailbox page, and the check of the main job."""
