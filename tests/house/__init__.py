"""Tests of the house itself: what it ships, how it is installed, which rules its code keeps."""
