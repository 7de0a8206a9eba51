"""Runs that can be found again: records, sweeps, calibration."""
