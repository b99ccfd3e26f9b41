"""The record of a run: writing it, reading it, the history that follows from it, and its mirror for Optuna."""
