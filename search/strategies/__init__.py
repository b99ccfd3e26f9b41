"""Strategies: how proposals are chosen."""
