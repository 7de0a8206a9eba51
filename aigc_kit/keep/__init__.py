"""Keep runs to be found again: records, sweeps, calibration."""
