"""Hostile mail: what strangers and known senders may try, and the answer each must get."""
