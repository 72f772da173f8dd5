"""Versions of this program on one machine: what is in each, who signed it, and which of them runs."""
