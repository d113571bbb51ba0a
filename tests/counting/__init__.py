"""Counting through its processor alone: reads, lists, closing, without a broker."""
